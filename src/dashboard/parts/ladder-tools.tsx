import { exchangeOrder } from '../data/exchanges.js';
import { stepsFor } from '../data/ladder.js';
import {
  hiddenExchanges,
  LADDER_COLUMNS,
  LADDER_ROWS,
  ladderColumns,
  ladderRows,
  ladderUnit,
  toggled,
} from '../data/preferences.js';
import { grouped } from '../text/format.js';
import { t } from '../text/texts.js';
import { SelectField } from './fields.js';

/** The choice for ungrouped prices. */
const EACH = 'each';

/** A box to tick. */
function Tick(props: {
  readonly name: string;
  readonly on: boolean;
  readonly onChange: () => void;
}) {
  return (
    <label class="tick">
      <input type="checkbox" checked={props.on} onChange={props.onChange} />
      {props.name}
    </label>
  );
}

/** Display options of a market's ladders. */
export function LadderTools(props: {
  /** A typical price of the market; null while none is known. */
  readonly price: string | null;
  readonly step: string | null;
  readonly onStep: (step: string | null) => void;
  readonly symbol: string;
  readonly currency: string;
}) {
  const { price, step, onStep, symbol, currency } = props;
  const { ladder: words, exchange: names } = t.value;
  const steps = price === null ? [] : stepsFor(price);
  if (step !== null && !steps.includes(step)) steps.unshift(step);
  return (
    <section class="panel tools" aria-label={words.heading}>
      <SelectField
        label={words.group}
        value={step ?? EACH}
        choices={[
          [EACH, words.each],
          ...steps.map((each): [string, string] => [each, `${grouped(each)} ${currency}`]),
        ]}
        onChoice={(each) => onStep(each === EACH ? null : each)}
      />
      <SelectField
        label={words.rows}
        value={ladderRows.value}
        choices={LADDER_ROWS.map((each) => [each, words.rowCount(each)])}
        onChoice={(each) => (ladderRows.value = each)}
      />
      <SelectField
        label={words.unit}
        value={ladderUnit.value}
        choices={[
          ['coin', symbol],
          ['quote', currency],
        ]}
        onChoice={(each) => (ladderUnit.value = each)}
      />
      <fieldset>
        <legend>{words.columns}</legend>
        {LADDER_COLUMNS.map((column) => (
          <Tick
            key={column}
            name={words[column]}
            on={ladderColumns.value.includes(column)}
            onChange={() => {
              const next = toggled(ladderColumns.value, column);
              ladderColumns.value = LADDER_COLUMNS.filter((each) => next.includes(each));
            }}
          />
        ))}
        {exchangeOrder.value.map((exchange) => (
          <Tick
            key={exchange}
            name={names[exchange]}
            on={!hiddenExchanges.value.includes(exchange)}
            onChange={() => (hiddenExchanges.value = toggled(hiddenExchanges.value, exchange))}
          />
        ))}
      </fieldset>
    </section>
  );
}
