import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Alert, postOf } from '../alerts/alert.js';
import { Webhook, type WebhookTuning } from '../alerts/webhook.js';
import { type Exchange, EXCHANGE_FACTS } from '../market/exchange.js';
import { cutText } from '../market/outside-text.js';
import type { DoctorSettings } from '../settings/config.js';
import { makeFolder, PRIVATE_FILE } from '../util/make-folder.js';
import { reasonOf } from '../util/reason.js';
import type { Examination, Finding } from './examine.js';

/** Longest wait for a message to be accepted, ms. */
const POST_MS = 30_000;
/** Maximum number of fact ids in a message. */
const MAX_NAMED = 5;

/** Unresolved reports of earlier runs about an exchange. */
interface Open {
  /** When it was first reported, Unix ms. */
  readonly startedAt: number;
  /** Facts that were contradicted and have not been confirmed since. */
  readonly ids: readonly string[];
}

/** Unresolved reports, by exchange. */
type OpenAlerts = Partial<Record<Exchange, Open>>;

/** The file in which the doctor records for its next run what it has reported. */
export const openAlertsPath = (dbPath: string): string => `${resolve(dbPath)}.doctor.json`;

/**
 * Notifies the webhook of each exchange that newly contradicts facts, and of each that has since
 * confirmed all it had contradicted. Facts not seen this time change nothing. What the webhook does
 * not accept within 30 s is reported on standard error, and sent again by the next run.
 */
export async function notify(
  results: readonly Examination[],
  { dbPath, alertWebhookUrl, logLang }: DoctorSettings,
  tuning: WebhookTuning = {},
): Promise<void> {
  if (alertWebhookUrl === null) return;
  const file = openAlertsPath(dbPath);
  const open = readOpen(file);
  const warn = (text: string): boolean => process.stderr.write(`doctor: ${text}\n`);
  let why = `no answer within ${(tuning.timeoutMs ?? POST_MS) / 1000} s`;
  const webhook = new Webhook(
    {
      onFailing: (reason) => (why = reason),
      onTaken: () => undefined,
      onDropped: (reason) => (why = reason),
    },
    { timeoutMs: POST_MS / 3, ...tuning },
  );
  try {
    for (const { exchange, findings } of results) {
      const { alert, next } = changeOf(exchange, findings, open[exchange] ?? null);
      if (alert === null) {
        if (next !== null) open[exchange] = next;
        continue;
      }
      webhook.push(postOf(alertWebhookUrl, alert, logLang));
      if (!(await webhook.taken(tuning.timeoutMs ?? POST_MS))) {
        warn(`ALERT_WEBHOOK_URL did not accept the alert about ${exchange}: ${why}`);
        // It would delay the others as well.
        break;
      }
      if (next === null) delete open[exchange];
      else open[exchange] = next;
    }
  } finally {
    webhook.close();
  }
  try {
    makeFolder(dirname(file));
    writeFileSync(`${file}.part`, JSON.stringify(open), { mode: PRIVATE_FILE });
    renameSync(`${file}.part`, file);
  } catch (error) {
    warn(`cannot record in ${file} what was sent, so it will be sent again: ${reasonOf(error)}`);
  }
}

/** What to report about an exchange, and what is unresolved then. */
function changeOf(
  exchange: Exchange,
  findings: readonly Finding[],
  before: Open | null,
): { readonly alert: Alert | null; readonly next: Open | null } {
  const wrong = findings.filter(({ verdict }) => verdict === 'CONTRADICTED');
  const reported = before?.ids ?? [];
  // A fact that no longer exists in this version of the program blocks nothing.
  const still = reported.filter((id) => findings.some((one) => one.id === id && unconfirmed(one)));
  const fresh = wrong.map(({ id }) => id).filter((id) => !reported.includes(id));
  const startedAt = before?.startedAt ?? Date.now();
  const ids = [...still, ...fresh];
  const next = ids.length === 0 ? null : { startedAt, ids };
  if (fresh.length > 0) {
    return { alert: { reason: reasonFor(exchange, wrong), startedAt, endedAt: null }, next };
  }
  if (before === null || ids.length > 0) return { alert: null, next };
  const ended = findings.filter(({ id }) => reported.includes(id));
  return {
    alert: { reason: reasonFor(exchange, ended), startedAt, endedAt: Date.now() },
    next,
  };
}

const unconfirmed = ({ verdict }: Finding): boolean => verdict !== 'CONFIRMED';

function reasonFor(exchange: Exchange, findings: readonly Finding[]): Alert['reason'] {
  const { name, koreanName } = EXCHANGE_FACTS[exchange];
  const ids = findings.slice(0, MAX_NAMED).map(({ id }) => id);
  const more = findings.length > MAX_NAMED ? ', …' : '';
  const first = findings[0];
  const count = findings.length;
  const shown =
    first === undefined
      ? { ko: '', en: '' }
      : {
          ko: ` (예상: ${cutText(first.expected)}; 확인: ${cutText(first.seen)})`,
          en: ` (expected ${cutText(first.expected)}; seen: ${cutText(first.seen)})`,
        };
  const names = `${ids.join(', ')}${more}`;
  return {
    code: 'DOCTOR_CONTRADICTED',
    severity: 'ATTENTION',
    about: 'EXCHANGE',
    exchange,
    market: null,
    ko: `${koreanName}: 알려진 프로토콜 ${count}건이 실제와 다름: ${names}${shown.ko}`,
    en: `${name}: ${count === 1 ? 'a fact of its protocol is' : `${count} facts of its protocol are`} contradicted: ${names}${shown.en}`,
  };
}

/** Unresolved reports; an unreadable file counts as none, so something may be reported twice. */
function readOpen(file: string): OpenAlerts {
  try {
    const open = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<Open> | null>;
    return Object.fromEntries(
      Object.entries(open).filter(
        ([exchange, one]) =>
          Object.hasOwn(EXCHANGE_FACTS, exchange) &&
          Number.isFinite(one?.startedAt) &&
          Array.isArray(one?.ids),
      ),
    );
  } catch {
    return {};
  }
}
