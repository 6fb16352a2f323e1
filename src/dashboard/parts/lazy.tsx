import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../text/texts.js';

/** A view whose code is loaded when it is first shown: the first page need not carry all of them. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let View: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [state, setState] = useState<'loading' | 'here' | 'failed'>('loading');
    useEffect(() => {
      if (View !== null) return;
      load().then(
        (loaded) => {
          View = loaded;
          setState('here');
        },
        () => setState('failed'),
      );
    }, []);
    if (View !== null) return <View {...props} />;
    const { common } = t.value;
    if (state !== 'failed') return <p class="empty tall">{common.loading}</p>;
    // A browser does not ask twice for code that did not come; and a new build has other names.
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
  };
}
