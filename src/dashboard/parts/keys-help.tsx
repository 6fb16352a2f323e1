import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { helpOpen, keysOn, useKey } from '../data/keys.js';
import { t } from '../text/texts.js';

/** The views by their keys. */
const VIEWS = [
  ['1', '/', 'overview'],
  ['2', '/market', 'market'],
  ['3', '/premium', 'premium'],
  ['4', '/history', 'history'],
  ['5', '/events', 'events'],
  ['6', '/quality', 'quality'],
] as const;

function ViewKey({ name, address }: { readonly name: string; readonly address: string }) {
  const [, go] = useLocation();
  useKey(name, () => go(address));
  return null;
}

/** The keys of the page, and the help about them. */
export function KeysHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { keys: words, nav, common } = t.value;
  useKey('/', () => document.querySelector<HTMLInputElement>('main input[type=search]')?.focus());
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [helpOpen.value]);
  const rows: readonly (readonly [key: string, what: string])[] = [
    ['?', words.help],
    ...VIEWS.map(([key, , name]) => [key, nav[name]] as const),
    ['/', words.search],
    [', .', words.books],
    ['[ ]', words.window],
    ['+ -', words.zoom],
  ];
  return (
    <>
      {VIEWS.map(([key, address]) => (
        <ViewKey key={key} name={key} address={address} />
      ))}
      <dialog ref={dialog} aria-labelledby="keys-heading" onClose={() => (helpOpen.value = false)}>
        <form method="dialog">
          <h2 id="keys-heading">{words.heading}</h2>
          <dl class="keys">
            {rows.map(([key, what]) => (
              <div key={key}>
                <dt>
                  {key.split(' ').map((each) => (
                    <kbd key={each}>{each}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <label class="tick">
            <input
              type="checkbox"
              checked={keysOn.value === 'on'}
              onChange={(event) => (keysOn.value = event.currentTarget.checked ? 'on' : 'off')}
            />
            {words.on}
          </label>
          <p class="buttons">
            <button type="submit" class="main">
              {common.close}
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}
