/**
 * Imbalance of the volume at the touch: (bid - ask) ÷ (bid + ask), from -1 to 1. A ratio of two
 * volumes rather than a price or a volume, hence a floating point number.
 */
export function imbalanceOf(bidVolume: string, askVolume: string): number {
  const bid = numberOf(bidVolume);
  const ask = numberOf(askVolume);
  return (bid - ask) / (bid + ask);
}

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);

/**
 * `Number(text)` for Decimal text, in a fraction of the time: with up to 15 digits, the quotient of
 * two exact integers is rounded just as the text's own value is.
 */
function numberOf(text: string): number {
  const { length } = text;
  if (length > 15) return Number(text);
  let digits = 0;
  let decimals = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits = digits * 10 + code - 48;
    else if (code === 46 && decimals === 0) decimals = length - i - 1;
    else return Number(text);
  }
  return digits / POWERS[decimals]!;
}
