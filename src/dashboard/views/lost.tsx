import { useTitle } from '../parts/title.js';
import { t } from '../text/texts.js';

/** Shown for an unknown address. */
export function LostView() {
  useTitle(t.value.lost.heading);
  return (
    <section class="panel notice">
      <h1>{t.value.lost.heading}</h1>
      <p>{t.value.lost.text}</p>
    </section>
  );
}
