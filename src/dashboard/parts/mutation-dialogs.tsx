import { useEffect, useRef, useState } from 'preact/hooks';
import { exchangeOrder } from '../data/exchanges.js';
import {
  failure,
  stopAsked,
  tokenWanted,
  undo,
  type Undoable,
  undoable,
} from '../data/mutations.js';
import { count } from '../text/format.js';
import { problemText } from '../text/problems.js';
import { t } from '../text/texts.js';

/** Asks for the token while a mutation waits for it. */
export function TokenDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState('');
  const wanted = tokenWanted.value;
  useEffect(() => {
    if (wanted !== null) {
      setToken('');
      dialog.current?.showModal();
    } else dialog.current?.close();
  }, [wanted]);
  const { token: words, common } = t.value;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="token-heading"
      onCancel={(event) => {
        event.preventDefault();
        wanted?.answer(null);
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          wanted?.answer(token.trim());
        }}
      >
        <h2 id="token-heading">{words.heading}</h2>
        <p>{words.why}</p>
        {wanted?.wrong === true && (
          <p role="alert" class="problem">
            {words.wrong}
          </p>
        )}
        <label class="field">
          <span>{words.label}</span>
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="buttons">
          <button type="button" onClick={() => wanted?.answer(null)}>
            {common.cancel}
          </button>
          <button type="submit" class="main">
            {words.go}
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** Shows why a start or stop failed. */
export function FailureNote() {
  return (
    <div role="alert" class="banner-place">
      {failure.value !== null && (
        <p class="banner problem">
          <span>{problemText(failure.value)}</span>
          <button type="button" onClick={() => (failure.value = null)}>
            {t.value.common.close}
          </button>
        </p>
      )}
    </div>
  );
}

/** Maximum number of market names in the question. */
const NAMES = 8;

/** Asks for confirmation to stop more than one market, and names them. */
export function StopDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = stopAsked.value;
  useEffect(() => {
    if (asked !== null) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asked]);
  const { stopping: words, common, exchange: names } = t.value;
  const rows = asked?.rows ?? [];
  const markets = count(rows.length);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="stop-heading"
      aria-describedby="stop-why"
      onCancel={(event) => {
        event.preventDefault();
        asked?.answer(false);
      }}
    >
      <h2 id="stop-heading">{words.heading(markets)}</h2>
      <p id="stop-why">{words.why}</p>
      <ul class="stop-list">
        {exchangeOrder.value.flatMap((exchange) => {
          const pairs = rows
            .filter((row) => row.exchange === exchange)
            .map(({ symbol, currency }) => `${symbol}-${currency}`)
            .sort();
          if (pairs.length === 0) return [];
          const more = pairs.length - NAMES;
          return (
            <li key={exchange}>
              <b>
                {names[exchange]} {count(pairs.length)}
              </b>{' '}
              <span class="muted">
                {pairs.slice(0, NAMES).join(', ')}
                {more > 0 && ` ${words.more(count(more))}`}
              </span>
            </li>
          );
        })}
      </ul>
      <p class="buttons">
        <button type="button" onClick={() => asked?.answer(false)}>
          {common.cancel}
        </button>
        <button type="button" class="main" onClick={() => asked?.answer(true)}>
          {words.go(markets)}
        </button>
      </p>
    </dialog>
  );
}

/** What the last change did, in words. */
function changeText({ kind, market, exchange, count: markets }: Undoable): string {
  const { changed, exchange: names } = t.value;
  const subject =
    market !== null
      ? `${names[market.exchange]} ${market.symbol}-${market.currency}`
      : exchange !== null
        ? names[exchange]
        : null;
  if (kind === 'reset') return changed.reset(subject ?? '');
  if (kind === 'start') return changed.started(subject);
  return changed.stopped(subject, markets === 1 && market !== null ? null : count(markets));
}

/** Shows what the last change did, and offers to undo it. */
export function UndoNote() {
  const [busy, setBusy] = useState(false);
  const last = undoable.value;
  const { changed, common } = t.value;
  return (
    <div role="status" class="banner-place">
      {last !== null && (
        <p class="banner note">
          <span>{changeText(last)}</span>
          <button
            type="button"
            class="small"
            disabled={busy}
            title={changed.undoHint}
            onClick={() => {
              setBusy(true);
              void undo().finally(() => setBusy(false));
            }}
          >
            {changed.undo}
          </button>
          <button type="button" class="small" onClick={() => (undoable.value = null)}>
            {common.close}
          </button>
        </p>
      )}
    </div>
  );
}
