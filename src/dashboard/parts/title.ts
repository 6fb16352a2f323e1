import { useEffect } from 'preact/hooks';
import { t } from '../text/texts.js';

/** Sets the tab's title while a view is shown. */
export function useTitle(view: string): void {
  const { title } = t.value;
  useEffect(() => {
    document.title = `${view} · ${title}`;
  }, [view, title]);
}
