import type { AlertCounts } from '../api/http/alert-counts.js';
import type { Verdict } from '../api/verdict/judge.js';
import { BurstGate } from '../logging/burst-gate.js';
import type { Logger } from '../logging/logger.js';
import { postOf } from './alert.js';
import { AlertWatch } from './alert-watch.js';
import { Webhook, type WebhookTuning } from './webhook.js';

/** Where alerts are sent, and in what language. */
interface AlertTarget {
  /** `ALERT_WEBHOOK_URL`. */
  readonly url: string;
  readonly lang: 'ko' | 'en';
}

/** Overrides for tests. */
export interface AlertTuning extends WebhookTuning {
  readonly lookMs?: number;
}

/** Notifies a webhook when something needs attention, and when it is resolved. */
export class Alerts {
  readonly #watch: AlertWatch;
  readonly #webhook: Webhook;
  readonly #logger: Logger;

  constructor(
    { url, lang }: AlertTarget,
    verdict: () => Verdict,
    logger: Logger,
    tuning: AlertTuning = {},
  ) {
    this.#logger = logger;
    const drops = new BurstGate();
    this.#webhook = new Webhook(
      {
        onFailing: (reason) => logger.log('ALERT_FAILED', {}, { reason }),
        onTaken: () => logger.log('ALERT_SENT_AGAIN', {}, undefined),
        onDropped: (reason) => {
          const suppressed = drops.pass('dropped');
          if (suppressed !== null) logger.log('ALERT_DROPPED', {}, { reason, suppressed });
        },
      },
      tuning,
    );
    this.#watch = new AlertWatch(
      verdict,
      (alert) => this.#webhook.push(postOf(url, alert, lang)),
      tuning.lookMs,
    );
  }

  get counts(): AlertCounts {
    return { active: this.#watch.active, ...this.#webhook.counts };
  }

  /** Stops, and reports how many messages were not sent. */
  close(): void {
    this.#watch.close();
    const { waiting } = this.#webhook.counts;
    this.#webhook.close();
    if (waiting > 0) this.#logger.log('ALERTS_UNSENT', {}, { count: waiting });
  }
}
