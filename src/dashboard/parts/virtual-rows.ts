import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import { type RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** The visible rows of a long list, and the height of all. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement>,
  count: number,
  rowHeight: number,
): { readonly items: readonly VirtualItem[]; readonly height: number } {
  const [, redraw] = useReducer((n: number, _change: void) => n + 1, 0);
  const virtualizer = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(),
  };
  virtualizer.current ??= new Virtualizer(options);
  virtualizer.current.setOptions(options);
  // Rotating a phone changes the row height.
  useLayoutEffect(() => virtualizer.current!.measure(), [rowHeight]);
  useLayoutEffect(() => virtualizer.current!._didMount(), []);
  useLayoutEffect(() => virtualizer.current!._willUpdate());
  return {
    items: virtualizer.current.getVirtualItems(),
    height: virtualizer.current.getTotalSize(),
  };
}
