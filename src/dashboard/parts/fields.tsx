import type { ComponentChildren } from 'preact';
import { exchangeOrder } from '../data/exchanges.js';
import type { Exchange } from '../gql/graphql.js';
import { t } from '../text/texts.js';

/** The selected exchange, or all. */
export type ExchangeChoice = Exchange | 'ALL';

/** A bar of fields above a list. */
export function Filters({ children }: { readonly children: ComponentChildren }) {
  return <div class="filters">{children}</div>;
}

/** A field to select a value, its label above it or for screen readers only. */
export function SelectField<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  /** Values and their names, in display order. */
  readonly choices: readonly (readonly [value: T, name: string])[];
  readonly onChoice: (value: T) => void;
  readonly plain?: boolean;
}) {
  const { label, value, choices, onChoice, plain } = props;
  return (
    <label class={plain === true ? 'plain-choice' : 'field'}>
      <span class={plain === true ? 'unseen' : undefined}>{label}</span>
      <select value={value} onChange={(event) => onChoice(event.currentTarget.value as T)}>
        {choices.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Selects an exchange, or all of them. */
export function ExchangeField(props: {
  readonly value: ExchangeChoice;
  readonly onChoice: (value: ExchangeChoice) => void;
}) {
  const { common, exchange } = t.value;
  return (
    <SelectField
      label={common.exchange}
      choices={[
        ['ALL', common.all],
        ...exchangeOrder.value.map((each): [ExchangeChoice, string] => [each, exchange[each]]),
      ]}
      {...props}
    />
  );
}

/** A search field. */
export function SearchField(props: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onText: (text: string) => void;
  /** Id of the element that describes its error, if any. */
  readonly wrong?: string | null;
  readonly grow?: boolean;
}) {
  const { label, hint, value, onText, wrong = null, grow } = props;
  return (
    <label class={grow === true ? 'field grow' : 'field'}>
      <span>{label}</span>
      <input
        type="search"
        placeholder={hint}
        value={value}
        aria-invalid={wrong !== null}
        aria-describedby={wrong ?? undefined}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}
