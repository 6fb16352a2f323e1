import { hostname } from 'node:os';
import type { Reason, ReasonCode } from '../api/verdict/reasons.js';
import { pairText } from '../market/market.js';
import { cutText } from '../market/outside-text.js';
import { VERSION } from '../util/version.js';

/** Why attention is needed: a reason of the verdict, or facts contradicted according to the doctor. */
type AlertReason = Omit<Reason, 'code'> & { readonly code: ReasonCode | 'DOCTOR_CONTRADICTED' };

/** Something that needs attention, or no longer does. */
export interface Alert {
  /** As of when the alert began, or was last seen. */
  readonly reason: AlertReason;
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms; null while it lasts. */
  readonly endedAt: number | null;
}

/** Sender named in every message. */
const SOURCE = 'korean-orderbook-recorder';

/** Alertmanager resolves an alert at this time unless it is repeated; we send each only once, ms. */
const LONGEST_MS = 7 * 86_400_000;

/** Maximum characters of a text: Discord accepts 2,000, Telegram 4,096 per message. */
const MOST_OF_TEXT = 1_900;

const MARKS = {
  ko: { NOTE: '참고', ATTENTION: '주의', FAILING: '장애', over: '해소' },
  en: { NOTE: 'NOTE', ATTENTION: 'ATTENTION', FAILING: 'FAILING', over: 'RESOLVED' },
} as const;

/** Language of a message. */
type Lang = keyof typeof MARKS;

/** `[FAILING] server-1: Upbit: none of 3 markets has sent anything for 60 s`. */
function textOf({ reason, endedAt }: Alert, lang: Lang): string {
  const mark = MARKS[lang][endedAt === null ? reason.severity : 'over'];
  return cutText(`[${mark}] ${hostname()}: ${reason[lang]}`, MOST_OF_TEXT);
}

/** A text for Slack: its markup characters are escaped. */
const forSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Whether an address expects the format of Slack's incoming webhooks: Slack's own, and Discord's `…/slack`. */
const isSlack = ({ hostname: host, pathname }: URL): boolean =>
  host === 'hooks.slack.com' || (/^discord(app)?\.com$/.test(host) && pathname.endsWith('/slack'));

const iso = (ms: number): string => new Date(ms).toISOString();

/** The message in this program's own format (docs/operations.md). */
function ownBody(alert: Alert, lang: Lang): object {
  const { reason, startedAt, endedAt } = alert;
  return {
    text: textOf(alert, lang),
    status: endedAt === null ? 'firing' : 'resolved',
    code: reason.code,
    severity: reason.severity,
    about: reason.about,
    exchange: reason.exchange,
    market: reason.market === null ? null : pairText(reason.market),
    startsAt: iso(startedAt),
    endsAt: endedAt === null ? null : iso(endedAt),
    ko: reason.ko,
    en: reason.en,
    source: SOURCE,
    version: VERSION,
    host: hostname(),
  };
}

function alertmanagerBody(alert: Alert, lang: Lang): object {
  const { reason, startedAt, endedAt } = alert;
  const { code: alertname, exchange } = reason;
  const severity = reason.severity === 'FAILING' ? 'critical' : 'warning';
  return [
    {
      labels: {
        alertname,
        severity,
        job: 'orderbook-recorder',
        instance: hostname(),
        ...(exchange === null ? {} : { exchange }),
      },
      annotations: { summary: textOf(alert, lang) },
      startsAt: iso(startedAt),
      endsAt: iso(endedAt ?? Date.now() + LONGEST_MS),
    },
  ];
}

/** What is posted, and where. */
export interface Post {
  readonly url: string;
  readonly body: string;
}

/**
 * The message in its receiver's format, recognised by the address: Slack's `text` (`&`, `<` and `>`
 * escaped; also Discord's), Telegram's `sendMessage` (`chat_id` in the address), Alertmanager's
 * `/api/v2/alerts`; otherwise our own.
 */
export function postOf(address: string, alert: Alert, lang: Lang): Post {
  const url = new URL(address);
  const post = (body: object): Post => ({ url: url.href, body: JSON.stringify(body) });
  if (isSlack(url)) return post({ text: forSlack(textOf(alert, lang)) });
  if (url.hostname === 'api.telegram.org') {
    const settings = Object.fromEntries(url.searchParams);
    url.search = '';
    return post({ ...settings, text: textOf(alert, lang) });
  }
  if (url.pathname.endsWith('/api/v2/alerts')) return post(alertmanagerBody(alert, lang));
  return post(ownBody(alert, lang));
}
