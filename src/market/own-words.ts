/** Why a market is in doubt after its audit showed a different book. */
export const BOOK_DIFFERS = 'its book by REST differs';

/**
 * This program's own phrases about gaps and failures, in English and in Korean. They are stored in
 * English; the words of an exchange or the system within them stay as they are.
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
  [new RegExp(`^${BOOK_DIFFERS}$`), 'REST 호가와 다름'],
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
  [
    /^nothing had come on the old connection for too long$/,
    '기존 연결에서 너무 오래 아무 메시지도 오지 않았음',
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
  [/^a message of the log in NATS could not be read$/, 'NATS 로그의 메시지를 읽을 수 없었음'],
  [
    /^the NATS servers differ about message (\d+) of the log$/,
    'NATS 서버마다 로그의 메시지 $1의 내용이 다름',
  ],
  [
    /^the log in NATS was full before a recorder had read it$/,
    '저장 노드가 읽기 전에 NATS 로그가 가득 참',
  ],
  [/^books and trades came faster than the bus took them$/, '버스가 받는 속도보다 빨리 들어옴'],
  [/^more waited than could be written$/, '저장 대기량이 한도를 넘음'],
  [/^the archive has no (\S+)$/, '아카이브에 없는 날짜: $1'],
  [/^books came faster than they could be written$/, '저장 속도보다 빨리 들어옴'],
  [/^the exchange's own time of its books fell back$/, '거래소 호가 시각이 뒤로 감'],
  [/^stopped$/, '중지됨'],
  // Why the program stops
  [/^unexpected error$/, '예기치 못한 오류'],
  [/^it cannot go on$/, '계속할 수 없음'],
  // Several nodes
  [/^the lease is lost$/, '임대를 잃음'],
  [/^(\S+) takes it$/, '이어받은 노드: $1'],
  [/^no recorder node has made the log$/, '로그를 만든 저장 노드가 없음'],
  [/^no collector node has reported about it$/, '보고한 수집 노드가 없음'],
  [/^no recorder node has begun to store the log$/, '로그 저장을 시작한 저장 노드가 없음'],
  [/^the bus is out of reach$/, '버스에 연결할 수 없음'],
  [/^no node answers (\S+): ([^]*)$/, '$1에 응답하는 노드가 없음: $2'],
  [
    /^BUS_URL: no NATS server can be reached at (.+) \((.*)\); start nats-server with -js there, or correct BUS_URL$/,
    'BUS_URL: $1의 NATS 서버에 연결할 수 없음 ($2); nats-server를 -js로 실행하거나 BUS_URL을 수정',
  ],
  [
    /^BUS_URL: the NATS servers at (.+) have elected no leader \((.*)\); more than half of them must run, with -js, and reach each other$/,
    'BUS_URL: $1의 NATS 서버들이 리더를 정하지 못함 ($2); 절반이 넘는 서버가 -js로 실행되고 서로 연결되어야 함',
  ],
  [/^its subject is not one of this program$/, '이 프로그램의 주제가 아님'],
  [/^it has no span of time$/, '구간이 없음'],
  [/^it has no figures of a store$/, '저장소의 수치가 없음'],
  [/^it does not say how far the log is stored$/, '로그를 어디까지 저장했는지 없음'],
  [/^it does not say which node it is of$/, '어느 노드의 것인지 없음'],
  [/^it is not a [a-z ]+: (\w+) is wrong$/, '필요한 형식이 아님: $1 값이 잘못됨'],
  [/^it is not a [a-z ]+$/, '필요한 형식이 아님'],
  // The database and the archive
  [/^(.+) was removed or moved away while it is open; .*$/, '열려 있는 동안 삭제되거나 옮겨짐: $1'],
  [
    /^(.+) was replaced by another file while it is open; .*$/,
    '열려 있는 동안 다른 파일로 바뀜: $1',
  ],
  [/^cannot open the database (.+?): ([^]*)$/, '데이터베이스를 열 수 없음 ($1): $2'],
  [/^the archive (.+) cannot be used: ([^]*)$/, '아카이브를 사용할 수 없음 ($1): $2'],
  [/^the archive (.+) cannot be written: ([^]*)$/, '아카이브에 쓸 수 없음 ($1): $2'],
  [/^(\d{4}-\d\d-\d\d) is not archived: ([^]*)$/, '$1 아카이브 실패: $2'],
  [/^([^]*) \((SQLITE_\w+|[0-9A-Z]{5}|E[A-Z_]+)\)$/, '$1 ($2)'],
  [/^the disk is full; free some space$/, '디스크가 가득 참; 공간을 확보'],
  [
    /^the disk cannot be read or written; check it and its free space$/,
    '디스크를 읽거나 쓸 수 없음; 디스크와 남은 공간을 확인',
  ],
  [
    /^another program has the database locked; close it$/,
    '다른 프로그램이 데이터베이스를 잠그고 있음; 그 프로그램을 종료',
  ],
  [/^another connection holds a table locked$/, '다른 연결이 테이블을 잠그고 있음'],
  [
    /^its folder is read-only, where SQLite needs files of its own even to read; make it writable, or copy the database to another folder and set DB_PATH to the copy$/,
    '폴더가 읽기 전용임(SQLite는 읽을 때도 그 폴더에 파일을 만들어야 함); 쓰기 권한을 주거나 데이터베이스를 다른 폴더로 복사해 DB_PATH로 지정',
  ],
  [
    /^the database or its folder is read-only; make it writable$/,
    '데이터베이스나 그 폴더가 읽기 전용임; 쓰기 권한이 필요',
  ],
  [
    /^the database file cannot be opened; check that its folder is writable$/,
    '데이터베이스 파일을 열 수 없음; 폴더에 쓰기 권한이 있는지 확인',
  ],
  [/^access to the database file is not permitted$/, '데이터베이스 파일에 접근할 권한이 없음'],
  [
    /^the database file is damaged; restore it or start a new one$/,
    '데이터베이스 파일이 손상됨; 복원하거나 새로 시작',
  ],
  [/^the file is not an SQLite database$/, 'SQLite 데이터베이스가 아닌 파일'],
  [
    /^no server is listening there; start it, or correct the address$/,
    '응답하는 서버가 없음; 서버를 시작하거나 주소를 수정',
  ],
  [
    /^the name of the server is unknown; correct the address$/,
    '서버 이름을 찾을 수 없음; 주소를 수정',
  ],
  [
    /^the name of the server cannot be looked up; check the network$/,
    '서버 이름을 조회할 수 없음; 네트워크를 확인',
  ],
  [/^the connection to the server was lost$/, '서버와의 연결이 끊김'],
  [/^the server does not answer; check the network$/, '서버가 응답하지 않음; 네트워크를 확인'],
  [/^the server cannot be reached; check the network$/, '서버에 연결할 수 없음; 네트워크를 확인'],
  [/^the server refuses this user or password$/, '서버가 사용자나 비밀번호를 거절함'],
  [
    /^the server has no database of this name; create it \(CREATE DATABASE\)$/,
    '서버에 이 이름의 데이터베이스가 없음; CREATE DATABASE로 만들 것',
  ],
  [/^the user lacks the privilege for this$/, '사용자에게 권한이 없음'],
  [/^the disk of the server is full; free some space$/, '서버의 디스크가 가득 참; 공간을 확보'],
  [
    /^the server has no connection left; raise max_connections$/,
    '서버에 남은 연결이 없음; max_connections를 늘릴 것',
  ],
  [/^the server is being stopped or started$/, '서버가 종료되거나 시작되는 중'],
  [/^the server accepts no writes at the moment$/, '서버가 지금 쓰기를 받지 않음'],
  [/^no answer for ([\d.]+) s$/, '$1초 동안 응답 없음'],
  [
    /^NATS refuses the lease, though no node that is alive holds it$/,
    '동작 중인 노드 중 리스를 가진 노드가 없는데도 NATS가 리스를 내주지 않음',
  ],
  // Alerts
  [/^(\d+) are waiting$/, '$1건이 대기 중'],
  [/^HTTP (\d+), a redirect, which is not followed$/, 'HTTP $1 리디렉션, 따라가지 않음'],
  // Messages of exchanges
  [/^([^]*); the answer was ([^]*)$/, '$1; 응답: $2'],
  [/^([^]*) is ([^]*); expected ([^;]*)$/, '$1: $2; 필요한 값: $3'],
  [/^an object$/, '객체'],
  [/^an array$/, '배열'],
  [/^text or a number$/, '문자열 또는 숫자'],
  [/^the market list is empty([^]*)$/, '마켓 목록이 비어 있음$1'],
  [/^the price (\S+) occurs twice among the (?:ask|bid)s$/, '같은 가격이 두 번 나옴: $1'],
  [/^the time of the trade cannot be read$/, '체결 시각을 읽을 수 없음'],
  [
    /^more than (\d+) changes came without a snapshot before them$/,
    '스냅샷 없이 변경분이 $1건 넘게 수신됨',
  ],
];

/** How deep phrases may nest. */
const MAX_DEPTH = 4;

/** A text of this program in Korean; what is not ours stays as is. */
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
