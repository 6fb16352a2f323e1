import { Counter, Gauge, type Registry } from 'prom-client';

/** A value with its labels; the label names are the metric's. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Metrics of a registry that are read at their source on each scrape, in order of definition. */
export class MetricSet {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** A value that goes up and down. */
  gauge(name: string, help: string, labelNames: string[], read: () => readonly Sample[]): void {
    const registers = [this.#registry];
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        // Without labels prom-client starts from zero; an absent value must stay absent.
        if (labelNames.length === 0) this.remove();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }

  /** A counter kept elsewhere. */
  count(name: string, help: string, labelNames: string[], read: () => readonly Sample[]): void {
    const registers = [this.#registry];
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }

  /** A counter kept in the metric itself. */
  counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }
}
