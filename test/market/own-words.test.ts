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
    [
      'the history has the trade 17 as 1 @ 2, the stream as 3 @ 2',
      '체결 17: 체결 내역은 1 @ 2, 실시간은 3 @ 2',
    ],
    [
      'a trade of the history cannot be read: the price of a trade is 0',
      '읽을 수 없는 체결 내역: 체결 가격이 0',
    ],
    ['the exchange refused the subscription: invalid pair', '거래소가 구독을 거절함: invalid pair'],
  ])('%s', (english, korean) => {
    expect(inKorean(english)).toBe(korean);
  });

  it.each([
    "the exchange's history does not reach back so far",
    'more trades in one moment than a page of the history holds',
    'a page lacks the trade 17 that it had to go on from',
    'a page does not go further back than the one before',
    'the history is empty, though trades are stored',
    'the history has far fewer trades than are stored',
    'the history has the trade 17 differently',
    'the history lacks the trade 17',
    '3 trades of the history could not be read',
    'its book on the new connection is another one than on the old one',
    'another node wrote a newer book, and this one is in no log',
    'the bus was away for longer than a standby keeps what it receives',
    'books and trades came faster than the bus took them',
    'the log in NATS was full before a recorder had read it',
    'more waited than could be written',
    'the archive has no 2026-11-25',
    'books came faster than they could be written',
    "the exchange's own time of its books fell back",
  ])('have a Korean form of: %s', (english) => {
    expect(inKorean(english)).toMatch(/[가-힣]/);
  });

  it('leave what an exchange or the system said as it is', () => {
    expect(inKorean('connect ECONNREFUSED 127.0.0.1:1')).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(inKorean('$1 close code 1006')).toBe('$1 close code 1006');
  });
});
