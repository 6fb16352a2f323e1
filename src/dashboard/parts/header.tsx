import { Link, useLocation } from 'wouter-preact';
import { connection } from '../data/connection.js';
import { helpOpen } from '../data/keys.js';
import { lang, sideColours, theme, zone } from '../data/settings.js';
import { localZoneName } from '../text/zone.js';
import { t } from '../text/texts.js';

function Choice<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly choices: Readonly<Record<T, string>>;
  readonly onChoice: (value: T) => void;
}) {
  const names = Object.entries(props.choices) as [T, string][];
  return (
    <label class="choice">
      <span class="unseen">{props.label}</span>
      <select
        value={props.value}
        title={props.label}
        onChange={(event) => props.onChoice(event.currentTarget.value as T)}
      >
        {names.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The frame's head: views, connection, language, theme, colours. */
export function Header() {
  const { nav, keys, settings, connection: words, title } = t.value;
  return (
    <header class="top">
      <Link href="/" class="brand">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <g class="brand-asks">
            <rect x="12" y="4" width="16" height="5" rx="1.5" />
            <rect x="6" y="10.5" width="22" height="5" rx="1.5" />
          </g>
          <g class="brand-bids">
            <rect x="3" y="17" width="25" height="5" rx="1.5" />
            <rect x="10" y="23.5" width="18" height="5" rx="1.5" />
          </g>
        </svg>
        <span>{title}</span>
      </Link>
      <nav aria-label={nav.main}>
        <TabLink to="/" name={nav.overview} />
        <TabLink to="/market/BTC-KRW" under="/market" name={nav.market} />
        <TabLink to="/premium" under="/premium" name={nav.premium} />
        <TabLink to="/history" under="/history" name={nav.history} />
        <TabLink to="/events" name={nav.events} />
        <TabLink to="/quality" name={nav.quality} />
      </nav>
      <div class="settings">
        <button
          type="button"
          class="small help"
          aria-label={keys.open}
          title={keys.open}
          onClick={() => (helpOpen.value = true)}
        >
          ?
        </button>
        <span class={`link-state ${connection.value}`}>{words[connection.value]}</span>
        <Choice
          label={settings.language}
          value={lang.value}
          choices={{ ko: '한국어', en: 'English' }}
          onChoice={(value) => (lang.value = value)}
        />
        <Choice
          label={settings.theme}
          value={theme.value}
          choices={settings.themes}
          onChoice={(value) => (theme.value = value)}
        />
        <Choice
          label={settings.zone}
          value={zone.value}
          choices={{ kst: 'KST', utc: 'UTC', local: settings.localZone(localZoneName()) }}
          onChoice={(value) => (zone.value = value)}
        />
        <Choice
          label={settings.sides}
          value={sideColours.value}
          choices={settings.sideChoices}
          onChoice={(value) => (sideColours.value = value)}
        />
      </div>
    </header>
  );
}

function TabLink(props: { readonly to: string; readonly under?: string; readonly name: string }) {
  const [path] = useLocation();
  const here = props.under === undefined ? path === props.to : path.startsWith(props.under);
  return (
    <Link
      href={props.to}
      class={here ? 'tab current' : 'tab'}
      aria-current={here ? 'page' : undefined}
    >
      {props.name}
    </Link>
  );
}
