import { describe, expect, it } from '@jest/globals';
import { inKorean } from '../../src/market/own-words.js';

describe('our own words in Korean', () => {
  it.each([
    ['close code 1006', '종료 코드 1006'],
    ['close code 4000: going away', '종료 코드 4000: going away'],
    ['the program stood still for 2.5 s', '프로그램이 2.5초 동안 멈춤'],
    [
      'silent, and its book by REST cannot be had: no answer within 10 s',
      '수신이 없고, REST 호가를 조회할 수 없음: 10초 안에 응답 없음',
    ],
    [
      'UPBIT does not list BTCC-KRW; did you mean BTC-KRW?',
      '거래소에 BTCC-KRW 마켓이 없음; 비슷한 마켓: BTC-KRW',
    ],
    [
      "the exchange's history reaches back to 2026-11-26T12:25:24.066Z only",
      '거래소 체결 내역은 2026-11-26T12:25:24.066Z까지만 조회됨',
    ],
    ['the exchange refused the subscription: invalid pair', '거래소가 구독을 거절함: invalid pair'],
  ])('%s', (english, korean) => {
    expect(inKorean(english)).toBe(korean);
  });

  it('leave what an exchange or the system said as it is', () => {
    expect(inKorean('connect ECONNREFUSED 127.0.0.1:1')).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(inKorean('$1 close code 1006')).toBe('$1 close code 1006');
  });
});
