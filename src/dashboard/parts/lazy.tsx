import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../text/texts.js';

/** A view that is not in the first page's code. */
export interface LazyView<P extends object> {
  readonly View: ComponentType<P>;
  /** Loads the code ahead, so that the view appears immediately. */
  readonly preload: () => void;
}

/** A view whose code is loaded when it is first shown: the first page need not carry all of them. */
export function lazy<P extends object>(fetch: () => Promise<ComponentType<P>>): LazyView<P> {
  let View: ComponentType<P> | null = null;
  const load = async (): Promise<void> => {
    View ??= await fetch();
  };
  const preload = (): void => {
    // A failure surfaces when it is shown.
    load().catch(() => undefined);
  };
  function Lazy(props: P) {
    const [state, setState] = useState<'loading' | 'here' | 'failed'>('loading');
    useEffect(() => {
      // Even if the code arrived since this was drawn: it must be redrawn.
      load().then(
        () => setState('here'),
        () => setState('failed'),
      );
    }, []);
    if (View !== null) return <View {...props} />;
    const { common } = t.value;
    if (state !== 'failed') return <p class="empty tall">{common.loading}</p>;
    // A browser does not retry code that failed to load; and a new build has other names.
    return (
      <section class="panel notice" role="alert">
        <p>{common.notLoaded}</p>
        <p>
          <button type="button" onClick={() => location.reload()}>
            {common.reload}
          </button>
        </p>
      </section>
    );
  }
  return { View: Lazy, preload };
}
