import { describe, expect, it } from '@jest/globals';
import { failureText } from '../../src/store/errors.js';
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
    [
      'cannot open the database postgresql://db:5432/x: no server is listening there; start it, or correct the address (ECONNREFUSED)',
      '데이터베이스를 열 수 없음 (postgresql://db:5432/x): 응답하는 서버가 없음; 서버를 시작하거나 주소를 수정 (ECONNREFUSED)',
    ],
    [
      'the books is "<html>"; expected an array; the answer was <html>',
      'the books: "<html>"; 필요한 값: 배열; 응답: <html>',
    ],
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
    'nothing had come on the old connection for too long',
    'another node wrote a newer book, and this one is in no log',
    'the bus was away for longer than a standby keeps what it receives',
    'books and trades came faster than the bus took them',
    'the log in NATS was full before a recorder had read it',
    'a message of the log in NATS could not be read',
    'the NATS servers differ about message 17 of the log',
    'more waited than could be written',
    'the archive has no 2026-11-25',
    'books came faster than they could be written',
    "the exchange's own time of its books fell back",
    'the lease is lost',
    'node-2 takes it',
    'no recorder node has made the log',
    'no collector node has reported about it',
    'no recorder node has begun to store the log',
    'no node answers control.books: the bus is out of reach',
    'BUS_URL: no NATS server can be reached at nats://a:4222 (timeout); start nats-server with -js there, or correct BUS_URL',
    'BUS_URL: the NATS servers at nats://a,b,c have elected no leader (no response); more than half of them must run, with -js, and reach each other',
    'it is not a gap: start is wrong',
    '101 are waiting',
    'HTTP 302, a redirect, which is not followed',
    'the archive /a cannot be written: EACCES',
  ])('have a Korean form of: %s', (english) => {
    expect(inKorean(english)).toMatch(/[가-힣]/);
  });

  it.each(
    `SQLITE_FULL SQLITE_IOERR_WRITE SQLITE_BUSY SQLITE_LOCKED SQLITE_READONLY SQLITE_READONLY_DIRECTORY
    SQLITE_CANTOPEN
    SQLITE_PERM SQLITE_CORRUPT SQLITE_NOTADB ECONNREFUSED ENOTFOUND EAI_AGAIN ECONNRESET EPIPE ETIMEDOUT
    EHOSTUNREACH ENETUNREACH 28P01 3D000 42501 53100 53300 57P01 25006`.split(/\s+/),
  )('have a Korean form of a failure of the database: %s', (code) => {
    expect(inKorean(failureText({ code }))).toMatch(new RegExp(`[가-힣].* \\(${code}\\)$`));
  });

  it('leave what an exchange or the system said as it is', () => {
    expect(inKorean('connect ECONNREFUSED 127.0.0.1:1')).toBe('connect ECONNREFUSED 127.0.0.1:1');
    expect(inKorean('$1 close code 1006')).toBe('$1 close code 1006');
  });
});
