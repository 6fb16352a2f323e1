import { describe, expect, it } from '@jest/globals';
import { SubscriptionTrial } from '../../src/collector/socket/subscription-trial.js';

/** A connection on which all was asked at 0 and that ends at `at`. */
function end(trial: SubscriptionTrial, code: number, at: number, complete = false): string | null {
  trial.restart();
  trial.begin();
  trial.asked(0);
  return trial.ended({ code, words: `close code ${code}`, complete, partial: false }, at);
}

describe('SubscriptionTrial', () => {
  it.each([1003, 1008, 1009, 1013, 4000, 4290, 4999])(
    'takes close code %i right after subscribing for a refusal',
    (code) => {
      expect(end(new SubscriptionTrial(), code, 500)).toBe(`close code ${code}`);
    },
  );

  it.each([1000, 1001, 1006, 1011])('takes close code %i for one when it comes again', (code) => {
    const trial = new SubscriptionTrial();
    expect(end(trial, code, 500)).toBeNull();
    expect(end(trial, code, 500)).toBe(`close code ${code}`);
    expect(end(trial, code, 500)).toBeNull();
  });

  it('takes an error frame for one, whatever the close code', () => {
    const trial = new SubscriptionTrial();
    trial.restart();
    trial.begin();
    trial.error('TOO_MANY_CODES');
    expect(trial.ended({ code: 1000, words: 'closed', complete: false, partial: false }, 100)).toBe(
      'TOO_MANY_CODES',
    );
  });

  it('holds nothing against the subscription later, or when all of it was served', () => {
    const trial = new SubscriptionTrial();
    expect(end(trial, 1008, 11_000)).toBeNull();
    expect(end(trial, 1008, 500, true)).toBeNull();
    expect(end(trial, 1006, 500)).toBeNull();
    expect(end(trial, 1006, 60_000)).toBeNull();
    expect(end(trial, 1006, 500)).toBeNull();
  });

  it('does not blame a subscription that was never sent', () => {
    const trial = new SubscriptionTrial();
    trial.restart();
    expect(trial.ended({ code: 1008, words: '', complete: false, partial: false }, 1)).toBeNull();
  });
});
