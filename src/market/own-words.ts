/**
 * This program's words about gaps and failures, in Korean; they are kept in English, among words of
 * exchanges and the system, which stay.
 */
const PHRASES: readonly (readonly [english: RegExp, korean: string])[] = [
  [/^close code (\d+): ([^]*)$/, '종료 코드 $1: $2'],
  [/^close code (\d+)$/, '종료 코드 $1'],
  [/^(\d+) ([^]*), (\d+) ms after subscribing$/, '종료 코드 $1 $2, 구독 후 $3ms'],
  [/^the program stood still for ([\d.]+) s$/, '프로그램이 $1초 동안 멈춤'],
  [/^the program was stopped$/, '프로그램이 종료되어 있었음'],
  [/^the program ended unexpectedly$/, '프로그램이 비정상 종료됨'],
  [/^the market list lacked it until then$/, '그때까지 마켓 목록에 없었음'],
  [/^no greeting came after the connection was opened$/, '연결 후 인사 메시지가 오지 않음'],
  [/^no sign of life for (\d+) s$/, '$1초 동안 아무 신호도 없음'],
  [
    /^no answer to a ping after the program had stood still$/,
    '프로그램이 멈춘 뒤 ping에 응답 없음',
  ],
  [/^(.+) was subscribed again and has had no book since$/, '$1: 다시 구독했으나 호가가 오지 않음'],
  [/^no first order book ([\d.]+) s after subscribing$/, '구독 후 $1초 동안 첫 호가가 오지 않음'],
  [/^no first book of (.+) on the new connection$/, '새 연결에서 $1의 첫 호가가 오지 않음'],
  [/^none of (\d+) markets had a book$/, '마켓 $1개 모두 호가가 오지 않음'],
  [
    /^silent, and REST could not be asked for its book in time$/,
    '수신이 없고, REST 호가를 제때 조회하지 못함',
  ],
  [
    /^silent, and its book by REST cannot be had: ([^]*)$/,
    '수신이 없고, REST 호가를 조회할 수 없음: $1',
  ],
  [/^silent, while its book by REST has changed$/, '수신이 없는 동안 REST 호가가 바뀜'],
  [/^its book by REST differs$/, 'REST 호가와 다름'],
  [/^the book of (.+) stayed crossed$/, '$1 호가가 역전된 채로 있음'],
  [
    /^a message could not be read while the pair was stopped$/,
    '중지된 동안 읽을 수 없는 메시지가 있었음',
  ],
  [/^a message could not be read$/, '읽을 수 없는 메시지'],
  [/^the answer leaves the market out$/, '응답에 이 마켓이 없음'],
  [/^the answer is longer than (\d+) bytes$/, '응답이 $1바이트보다 김'],
  [/^the exchange refused the subscription: ([^]*)$/, '거래소가 구독을 거절함: $1'],
  [/^the connection was refused with HTTP (\d+)$/, 'HTTP $1 응답으로 연결이 거절됨'],
  [/^the opening handshake was not over within ([\d.]+) s$/, '$1초 안에 연결 절차가 끝나지 않음'],
  [/^no answer within ([\d.]+) s$/, '$1초 안에 응답 없음'],
  [
    /^the exchange answered HTTP (\d+), a redirect ([^]*); it is not followed$/,
    '거래소가 HTTP $1 리디렉션으로 응답해 따라가지 않음 ($2)',
  ],
  [/^the exchange answered with an empty market list$/, '거래소의 마켓 목록이 비어 있음'],
  [/^the exchange answered ([^]*)$/, '거래소 응답: $1'],
  [
    /^[A-Z]+ does not list (\S+); did you mean ([^]*)\?$/,
    '거래소에 $1 마켓이 없음; 비슷한 마켓: $2',
  ],
  [/^[A-Z]+ does not list (\S+)$/, '거래소에 $1 마켓이 없음'],
  [/^the exchange no longer lists this market$/, '거래소 목록에서 빠진 마켓'],
  [/^the answer lacks its book$/, '응답에 이 마켓의 호가가 없음'],
  [/^the exchange's history reaches back to (\S+) only$/, '거래소 체결 내역은 $1까지만 조회됨'],
  [
    /^its book on the new connection is another one than on the old one$/,
    '새 연결의 호가가 기존 연결의 호가와 다름',
  ],
  [/^the price of a trade is 0$/, '체결 가격이 0'],
  [/^the volume of a trade is 0$/, '체결 수량이 0'],
  [
    /^the exchange's history does not reach back so far$/,
    '거래소 체결 내역이 그때까지 조회되지 않음',
  ],
  [
    /^more trades in one moment than a page of the history holds$/,
    '같은 시각의 체결이 내역 한 페이지보다 많음',
  ],
  [
    /^a page lacks the trade (\S+) that it had to go on from$/,
    '내역 페이지에 이어서 읽을 체결 $1이 없음',
  ],
  [
    /^a page does not go further back than the one before$/,
    '다음 내역 페이지가 더 과거로 가지 않음',
  ],
  [
    /^the history is empty, though trades are stored$/,
    '저장된 체결이 있으나 체결 내역이 비어 있음',
  ],
  [/^the history has far fewer trades than are stored$/, '체결 내역이 저장된 체결보다 훨씬 적음'],
  [
    /^the history has the trade (\S+) as ([^]*), the stream as ([^]*)$/,
    '체결 $1: 체결 내역은 $2, 실시간은 $3',
  ],
  [/^the history has the trade (\S+) differently$/, '체결 $1: 체결 내역과 다름'],
  [/^the history lacks the trade (\S+)$/, '체결 $1: 체결 내역에 없음'],
  [/^a trade of the history cannot be read: ([^]*)$/, '읽을 수 없는 체결 내역: $1'],
  [/^(\d+) trades of the history could not be read$/, '체결 내역 $1건을 읽을 수 없음'],
  [
    /^another node wrote a newer book, and this one is in no log$/,
    '다른 노드가 더 새로운 호가를 기록하여 이 호가는 로그에 없음',
  ],
  [
    /^the bus was away for longer than a standby keeps what it receives$/,
    '버스가 끊긴 시간이 대기 노드의 보관 시간보다 김',
  ],
  [
    /^the log in NATS was full before a recorder had read it$/,
    '기록 노드가 읽기 전에 NATS 로그가 가득 참',
  ],
  [/^books and trades came faster than the bus took them$/, '버스가 받는 속도보다 빨리 들어옴'],
  [/^more waited than could be written$/, '저장 대기량이 한도를 넘음'],
  [/^the archive has no (\S+)$/, '아카이브에 없는 날짜: $1'],
  [/^books came faster than they could be written$/, '저장 속도보다 빨리 들어옴'],
  [/^the exchange's own time of its books fell back$/, '거래소 호가 시각이 뒤로 감'],
  [/^stopped$/, '중지됨'],
];

/** How often a phrase may stand within another. */
const MAX_DEPTH = 4;

/** A text of this program in Korean; what is not ours stays as it is. */
export function inKorean(text: string, depth = 0): string {
  for (const [english, korean] of PHRASES) {
    const match = english.exec(text);
    if (match === null) continue;
    return korean.replaceAll(/\$(\d)/g, (_all, i: string) => {
      const part = match[Number(i)] ?? '';
      return depth < MAX_DEPTH ? inKorean(part, depth + 1) : part;
    });
  }
  return text;
}
