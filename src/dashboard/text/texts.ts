import { computed } from '@preact/signals';
import type { CollectorState, Exchange, GapCause, LogLevel } from '../gql/graphql.js';
import { lang } from '../data/settings.js';

/** All that the page says, in one language. */
interface Texts {
  readonly title: string;
  readonly skip: string;
  readonly nav: {
    readonly main: string;
    readonly overview: string;
    readonly market: string;
    readonly history: string;
    readonly events: string;
    readonly quality: string;
  };
  readonly exchange: Readonly<Record<Exchange, string>>;
  readonly state: Readonly<Record<CollectorState | 'NONE', string>>;
  readonly cause: Readonly<Record<GapCause, string>>;
  readonly level: Readonly<Record<LogLevel, string>>;
  readonly connection: {
    readonly connecting: string;
    readonly open: string;
    readonly lost: string;
    readonly lostLong: string;
  };
  readonly settings: {
    readonly language: string;
    readonly theme: string;
    readonly themes: Readonly<Record<'auto' | 'light' | 'dark', string>>;
    readonly sides: string;
    readonly sideChoices: Readonly<Record<'korean' | 'western', string>>;
  };
  readonly common: {
    readonly ask: string;
    readonly bid: string;
    readonly price: string;
    readonly volume: string;
    readonly spread: string;
    readonly mid: string;
    readonly age: string;
    readonly ago: (age: string) => string;
    readonly all: string;
    readonly loading: string;
    readonly close: string;
    readonly cancel: string;
    readonly start: string;
    readonly stop: string;
    readonly exchange: string;
    readonly market: string;
  };
  readonly overview: {
    readonly heading: string;
    readonly allWell: string;
    readonly allWellDetail: (markets: string, exchanges: number) => string;
    readonly nothing: string;
    readonly nothingDetail: string;
    readonly trouble: (markets: string) => string;
    readonly starting: (markets: string) => string;
    readonly storeFailure: string;
    readonly frames: string;
    readonly stored: string;
    readonly queue: string;
    readonly queueBooks: (books: string) => string;
    readonly lastWrite: string;
    readonly size: string;
    readonly free: (size: string) => string;
    readonly growth: string;
    readonly perDay: string;
    readonly full: string;
    readonly fullDetail: (max: string) => string;
    readonly fullDisk: string;
    readonly noBound: string;
    readonly perSecond: string;
    readonly changed: (rate: string) => string;
    readonly dropped: (books: string) => string;
    readonly exchanges: string;
    readonly recording: (live: string, all: string) => string;
    readonly listed: (markets: string) => string;
    readonly disabled: string;
    readonly startExchange: (exchange: string) => string;
    readonly stopExchange: (exchange: string) => string;
    readonly newest: string;
    readonly version: (version: string, uptime: string) => string;
  };
  readonly table: {
    readonly heading: string;
    readonly shown: (shown: string, all: string) => string;
    readonly search: string;
    readonly searchHint: string;
    readonly show: string;
    readonly shows: Readonly<Record<'recorded' | 'trouble' | 'idle' | 'all', string>>;
    readonly currency: string;
    readonly market: string;
    readonly state: string;
    readonly price: string;
    readonly age: string;
    readonly rate: string;
    readonly activity: string;
    readonly reconnects: string;
    readonly gap: string;
    readonly action: string;
    readonly none: string;
    readonly noneHint: string;
    readonly pattern: string;
    readonly patternHint: string;
    readonly startAll: string;
    readonly stopAll: string;
    readonly startMarket: (market: string) => string;
    readonly stopMarket: (market: string) => string;
    readonly unlisted: string;
  };
  readonly token: {
    readonly heading: string;
    readonly why: string;
    readonly label: string;
    readonly wrong: string;
    readonly go: string;
  };
  readonly market: {
    readonly heading: (pair: string) => string;
    readonly choose: string;
    readonly go: string;
    readonly highestBid: string;
    readonly lowestAsk: string;
    readonly between: string;
    readonly crossed: string;
    readonly crossedHint: string;
    readonly ladder: (exchange: string) => string;
    readonly notRecorded: string;
    readonly notListed: string;
    readonly waiting: string;
    readonly stale: string;
    readonly depth: string;
    readonly depthOf: string;
    readonly merged: string;
    readonly lines: string;
    readonly linesHint: string;
    readonly toHistory: string;
    readonly unknown: (pair: string) => string;
    readonly unknownHint: string;
    readonly close: string;
    readonly toOverview: string;
    readonly cumulated: string;
  };
  readonly history: {
    readonly heading: string;
    readonly window: string;
    readonly windows: Readonly<Record<'15m' | '1h' | '6h' | '24h' | '7d', string>>;
    readonly newer: string;
    readonly older: string;
    readonly now: string;
    readonly refresh: string;
    readonly covered: string;
    /** How many frames came, and how many of them changed the book. */
    readonly frames: (frames: string, changes: string) => string;
    readonly gaps: string;
    readonly noGaps: string;
    readonly from: string;
    readonly to: string;
    readonly open: string;
    readonly lasted: string;
    readonly cause: string;
    readonly detail: string;
    readonly at: string;
    readonly slider: string;
    readonly back: (step: string) => string;
    readonly forward: (step: string) => string;
    readonly book: string;
    readonly received: string;
    readonly exchangeTime: string;
    readonly sequence: string;
    readonly noBook: string;
    readonly inGap: string;
    readonly export: string;
    readonly exportHint: string;
    readonly rows: string;
    readonly books: string;
    readonly price: string;
    readonly gap: string;
    readonly nothing: string;
    readonly goTo: string;
  };
  readonly events: {
    readonly heading: string;
    readonly level: string;
    readonly levelColumn: string;
    readonly pair: string;
    readonly pairHint: string;
    readonly pairWrong: string;
    readonly live: string;
    readonly pause: string;
    readonly resume: string;
    readonly more: string;
    readonly none: string;
    readonly cut: (entries: string) => string;
    readonly time: string;
    readonly event: string;
    readonly message: string;
    readonly subject: string;
    readonly system: string;
    readonly waiting: (entries: string) => string;
  };
  readonly quality: {
    readonly heading: string;
    readonly hint: string;
    readonly day: string;
    readonly before: string;
    readonly after: string;
    readonly none: string;
    readonly shown: (shown: string, all: string) => string;
    readonly clockSteps: (times: string) => string;
    readonly coverage: string;
    readonly recorded: string;
    readonly books: string;
    readonly changed: string;
    readonly gaps: string;
    readonly silence: string;
    readonly audits: string;
    readonly late: string;
  };
  readonly lost: { readonly heading: string; readonly text: string };
}

const EN: Texts = {
  title: 'Order book recorder',
  skip: 'Skip to content',
  nav: {
    main: 'Views',
    overview: 'Overview',
    market: 'Market',
    history: 'History',
    events: 'Events',
    quality: 'Quality',
  },
  exchange: {
    UPBIT: 'Upbit',
    BITHUMB: 'Bithumb',
    COINONE: 'Coinone',
    KORBIT: 'Korbit',
    GOPAX: 'GOPAX',
  },
  state: {
    LIVE: 'Live',
    STARTING: 'Starting',
    STALE: 'Stale',
    RECONNECTING: 'Reconnecting',
    STOPPED: 'Stopped',
    FAILED: 'Failed',
    NONE: 'Not recorded',
  },
  cause: {
    CONNECT_FAILED: 'No connection',
    DISCONNECTED: 'Connection lost',
    MAINTENANCE: 'Maintenance',
    PARSE_FAILED: 'Unreadable message',
    PROCESS_DOWN: 'Recorder was not running',
    STANDSTILL: 'Recorder stood still',
    QUEUE_OVERFLOW: 'Queue full',
    RATE_LIMITED: 'Rate limited',
    REFUSED: 'Refused',
    RESYNC: 'Fetched again',
    UNLISTED: 'Back on the list after a halt',
    RETIRED: 'Deleted by age',
    STALE: 'Silent too long',
    STORE_FAILED: 'Could not be written',
  },
  level: { DEBUG: 'Debug', INFO: 'Info', WARN: 'Warning', ERROR: 'Error' },
  connection: {
    connecting: 'Connecting',
    open: 'Connected',
    lost: 'Not connected',
    lostLong:
      'No connection to the recorder. What you see is the last that arrived; trying again by itself.',
  },
  settings: {
    language: 'Language',
    theme: 'Theme',
    themes: { auto: 'System theme', light: 'Light', dark: 'Dark' },
    sides: 'Colours of the sides',
    sideChoices: { korean: 'Bid red, ask blue', western: 'Bid green, ask red' },
  },
  common: {
    ask: 'Ask',
    bid: 'Bid',
    price: 'Price',
    volume: 'Volume',
    spread: 'Spread',
    mid: 'Mid price',
    age: 'Age',
    ago: (age) => `${age} ago`,
    all: 'All',
    loading: 'Loading…',
    close: 'Close',
    cancel: 'Cancel',
    start: 'Start',
    stop: 'Stop',
    exchange: 'Exchange',
    market: 'Market',
  },
  overview: {
    heading: 'Overview',
    allWell: 'All is well',
    allWellDetail: (markets, exchanges) =>
      `${markets} markets on ${exchanges} ${exchanges === 1 ? 'exchange' : 'exchanges'} are being recorded.`,
    nothing: 'Nothing is being recorded',
    nothingDetail: 'Start an exchange or a market below.',
    trouble: (markets) => `${markets} ${markets === '1' ? 'market needs' : 'markets need'} a look`,
    starting: (markets) => `Starting: ${markets} to go`,
    storeFailure: 'The database cannot be written',
    frames: 'Frames received',
    stored: 'Books stored',
    queue: 'Queue to disk',
    queueBooks: (books) => `${books} books`,
    lastWrite: 'last write',
    size: 'Database',
    free: (size) => `${size} free on disk`,
    growth: 'Growth',
    perDay: 'per day',
    full: 'Time until full',
    fullDetail: (max) => `at ${max} (MAX_DB_GB)`,
    fullDisk: 'of the disk',
    noBound: 'no MAX_DB_GB set',
    perSecond: '/s',
    changed: (changed) => `${changed}/s changed`,
    dropped: (books) => `${books} books could not be kept`,
    exchanges: 'Exchanges',
    recording: (live, all) => `${live} of ${all} live`,
    listed: (markets) => `${markets} listed`,
    disabled: 'Off',
    startExchange: (exchange) => `Start ${exchange}`,
    stopExchange: (exchange) => `Stop ${exchange}`,
    newest: 'Newest book',
    version: (version, uptime) => `Version ${version}, running for ${uptime}`,
  },
  table: {
    heading: 'Markets',
    shown: (shown, all) => `${shown} of ${all}`,
    search: 'Search',
    searchHint: 'Coin, e.g. BTC',
    show: 'Show',
    shows: {
      recorded: 'Recorded',
      trouble: 'Needs a look',
      idle: 'Not recorded',
      all: 'All listed',
    },
    currency: 'Currency',
    market: 'Market',
    state: 'State',
    price: 'Mid price',
    age: 'Last book',
    rate: 'Books/s',
    activity: 'Activity',
    reconnects: 'Reconnects',
    gap: 'Open gap',
    action: 'Action',
    none: 'No market matches.',
    noneHint: 'Change the search or the filters.',
    pattern: 'Start or stop by pattern',
    patternHint: 'e.g. UPBIT:*-KRW, *-KRW or BTC-*',
    startAll: 'Start',
    stopAll: 'Stop',
    startMarket: (market) => `Start ${market}`,
    stopMarket: (market) => `Stop ${market}`,
    unlisted: 'no longer listed',
  },
  token: {
    heading: 'Token wanted',
    why: 'This recorder lets only those change something who know its API_TOKEN.',
    label: 'Token',
    wrong: 'That was not the token.',
    go: 'Go on',
  },
  market: {
    heading: (pair) => pair,
    choose: 'Another market',
    go: 'Show',
    highestBid: 'Highest bid',
    lowestAsk: 'Lowest ask',
    between: 'Between them',
    crossed: 'Crossed',
    crossedHint: 'The highest bid is above the lowest ask of another exchange.',
    ladder: (exchange) => `Order book of ${exchange}`,
    notRecorded: 'Not recorded',
    notListed: 'Not listed here',
    waiting: 'Waiting for the first book',
    stale: 'Stale: the last book that came',
    depth: 'Depth',
    depthOf: 'Depth of',
    merged: 'All exchanges',
    lines: 'Mid price, last 5 minutes',
    linesHint: 'One line per exchange; broken where its book was stale.',
    toHistory: 'History',
    unknown: (pair) => `There is no market ${pair}`,
    unknownHint: 'No exchange lists it, and nothing of it is stored.',
    close: 'Did you mean',
    toOverview: 'To the overview',
    cumulated: 'Volume up to this price',
  },
  history: {
    heading: 'History',
    window: 'Window',
    windows: {
      '15m': '15 min',
      '1h': '1 hour',
      '6h': '6 hours',
      '24h': '24 hours',
      '7d': '7 days',
    },
    newer: 'Later',
    older: 'Earlier',
    now: 'Now',
    refresh: 'Refresh',
    covered: 'covered',
    frames: (frames, changes) => `${frames} frames, ${changes} changes`,
    gaps: 'Gaps in this window',
    noGaps: 'No gap in this window.',
    from: 'From',
    to: 'To',
    open: 'still open',
    lasted: 'Lasted',
    cause: 'Cause',
    detail: 'Detail',
    at: 'At',
    slider: 'Time',
    back: (step) => `${step} back`,
    forward: (step) => `${step} on`,
    book: 'The book at that time',
    received: 'Received',
    exchangeTime: 'Time of the exchange',
    sequence: 'Sequence',
    noBook: 'Nothing is stored at or before this time.',
    inGap: 'This moment lies in a gap; below is the last book before it.',
    export: 'Export this window',
    exportHint:
      'Rows: one object per stored level. Books: one object per change with the whole book.',
    rows: 'Rows',
    books: 'Books',
    price: 'Mid price',
    gap: 'Gap',
    nothing: 'Nothing is stored in this window.',
    goTo: 'Go to',
  },
  events: {
    heading: 'Events',
    level: 'From level',
    levelColumn: 'Level',
    pair: 'Pair',
    pairHint: 'e.g. BTC-KRW or BTC',
    pairWrong: 'Write a coin such as BTC, or a pair such as BTC-KRW.',
    live: 'Live',
    pause: 'Pause',
    resume: 'Go on',
    more: 'Older entries',
    none: 'No entry matches.',
    cut: (entries) => `Only the newest ${entries} entries are shown.`,
    time: 'Time',
    event: 'Event',
    message: 'Message',
    subject: 'About',
    system: 'Recorder',
    waiting: (entries) => `${entries} new`,
  },
  quality: {
    heading: 'Recording quality',
    hint: 'A day in UTC, the worst market first. Coverage is the share of the recorded time outside gaps.',
    day: 'Day',
    before: 'Day before',
    after: 'Day after',
    none: 'Nothing was recorded on this day.',
    shown: (shown, all) => `${shown} of ${all} markets`,
    clockSteps: (times) => `clock set back ${times} times`,
    coverage: 'Coverage',
    recorded: 'Recorded',
    books: 'Books',
    changed: 'Changed',
    gaps: 'Gaps',
    silence: 'Longest silence',
    audits: 'Audits agreed / not',
    late: 'Late books',
  },
  lost: {
    heading: 'There is no such page',
    text: 'The address leads nowhere. The views are in the menu above.',
  },
};

const KO: Texts = {
  title: '호가 기록기',
  skip: '본문으로 건너뛰기',
  nav: {
    main: '화면',
    overview: '전체 현황',
    market: '시장',
    history: '기록',
    events: '이벤트',
    quality: '수집 품질',
  },
  exchange: {
    UPBIT: '업비트',
    BITHUMB: '빗썸',
    COINONE: '코인원',
    KORBIT: '코빗',
    GOPAX: '고팍스',
  },
  state: {
    LIVE: '수집 중',
    STARTING: '시작 중',
    STALE: '오래됨',
    RECONNECTING: '재연결 중',
    STOPPED: '중지됨',
    FAILED: '실패',
    NONE: '수집 안 함',
  },
  cause: {
    CONNECT_FAILED: '연결 실패',
    DISCONNECTED: '연결 끊김',
    MAINTENANCE: '점검',
    PARSE_FAILED: '읽을 수 없는 메시지',
    PROCESS_DOWN: '기록기가 꺼져 있었음',
    STANDSTILL: '기록기가 멈춰 있었음',
    QUEUE_OVERFLOW: '대기열 초과',
    RATE_LIMITED: '요청 제한',
    REFUSED: '거절됨',
    RESYNC: '다시 받음',
    UNLISTED: '거래 중단 후 목록 복귀',
    RETIRED: '보관 기간 지나 삭제됨',
    STALE: '너무 오래 조용함',
    STORE_FAILED: '저장 실패',
  },
  level: { DEBUG: '디버그', INFO: '정보', WARN: '경고', ERROR: '오류' },
  connection: {
    connecting: '연결 중',
    open: '연결됨',
    lost: '연결 끊김',
    lostLong:
      '기록기와 연결이 끊겼습니다. 마지막으로 받은 내용을 보여 주며, 자동으로 다시 연결합니다.',
  },
  settings: {
    language: '언어',
    theme: '테마',
    themes: { auto: '시스템 테마', light: '밝게', dark: '어둡게' },
    sides: '매수·매도 색',
    sideChoices: { korean: '매수 빨강·매도 파랑', western: '매수 초록·매도 빨강' },
  },
  common: {
    ask: '매도',
    bid: '매수',
    price: '가격',
    volume: '수량',
    spread: '스프레드',
    mid: '중간값',
    age: '경과',
    ago: (age) => `${age} 전`,
    all: '전체',
    loading: '불러오는 중…',
    close: '닫기',
    cancel: '취소',
    start: '시작',
    stop: '중지',
    exchange: '거래소',
    market: '시장',
  },
  overview: {
    heading: '전체 현황',
    allWell: '모두 정상',
    allWellDetail: (markets, exchanges) =>
      `거래소 ${exchanges}곳, 시장 ${markets}개를 수집하고 있습니다.`,
    nothing: '수집 중인 시장이 없습니다',
    nothingDetail: '아래에서 거래소나 시장을 시작하세요.',
    trouble: (markets) => `확인할 시장 ${markets}개`,
    starting: (markets) => `시작하는 중: ${markets}개 남음`,
    storeFailure: '데이터베이스에 쓸 수 없습니다',
    frames: '받은 호가',
    stored: '저장한 호가',
    queue: '저장 대기',
    queueBooks: (books) => `${books}건`,
    lastWrite: '마지막 쓰기',
    size: '데이터베이스',
    free: (size) => `디스크 여유 ${size}`,
    growth: '증가량',
    perDay: '하루',
    full: '가득 찰 때까지',
    fullDetail: (max) => `${max} 기준 (MAX_DB_GB)`,
    fullDisk: '디스크 기준',
    noBound: 'MAX_DB_GB 없음',
    perSecond: '/초',
    changed: (changed) => `변경 ${changed}/초`,
    dropped: (books) => `보관하지 못한 호가 ${books}건`,
    exchanges: '거래소',
    recording: (live, all) => `${all}개 중 ${live}개 수집 중`,
    listed: (markets) => `상장 ${markets}개`,
    disabled: '꺼짐',
    startExchange: (exchange) => `${exchange} 시작`,
    stopExchange: (exchange) => `${exchange} 중지`,
    newest: '최근 호가',
    version: (version, uptime) => `버전 ${version}, 가동 ${uptime}`,
  },
  table: {
    heading: '시장',
    shown: (shown, all) => `${all}개 중 ${shown}개`,
    search: '검색',
    searchHint: '코인, 예: BTC, 비트코인',
    show: '보기',
    shows: { recorded: '수집 대상', trouble: '확인 필요', idle: '수집 안 함', all: '상장 전체' },
    currency: '통화',
    market: '시장',
    state: '상태',
    price: '중간값',
    age: '최근 호가',
    rate: '호가/초',
    activity: '활동',
    reconnects: '재연결',
    gap: '진행 중 공백',
    action: '동작',
    none: '조건에 맞는 시장이 없습니다.',
    noneHint: '검색어나 필터를 바꿔 보세요.',
    pattern: '패턴으로 시작·중지',
    patternHint: '예: UPBIT:*-KRW, *-KRW, BTC-*',
    startAll: '시작',
    stopAll: '중지',
    startMarket: (market) => `${market} 시작`,
    stopMarket: (market) => `${market} 중지`,
    unlisted: '상장 목록에 없음',
  },
  token: {
    heading: '토큰이 필요합니다',
    why: '이 기록기는 API_TOKEN을 아는 사람만 변경할 수 있습니다.',
    label: '토큰',
    wrong: '토큰이 맞지 않습니다.',
    go: '계속',
  },
  market: {
    heading: (pair) => pair,
    choose: '다른 시장',
    go: '보기',
    highestBid: '최고 매수',
    lowestAsk: '최저 매도',
    between: '두 값의 차이',
    crossed: '역전',
    crossedHint: '최고 매수가가 다른 거래소의 최저 매도가보다 높습니다.',
    ladder: (exchange) => `${exchange} 호가창`,
    notRecorded: '수집 안 함',
    notListed: '상장되지 않음',
    waiting: '첫 호가를 기다리는 중',
    stale: '오래됨: 마지막으로 받은 호가',
    depth: '누적 수량',
    depthOf: '누적 수량 대상',
    merged: '모든 거래소',
    lines: '중간값, 최근 5분',
    linesHint: '거래소마다 선 하나, 호가가 오래된 구간은 끊어 그립니다.',
    toHistory: '기록 보기',
    unknown: (pair) => `${pair} 시장이 없습니다`,
    unknownHint: '어느 거래소에도 상장되지 않았고 저장된 것도 없습니다.',
    close: '혹시 찾으시는 시장',
    toOverview: '전체 현황으로',
    cumulated: '이 가격까지의 수량',
  },
  history: {
    heading: '기록',
    window: '기간',
    windows: { '15m': '15분', '1h': '1시간', '6h': '6시간', '24h': '24시간', '7d': '7일' },
    newer: '이후',
    older: '이전',
    now: '지금',
    refresh: '새로 고침',
    covered: '수집됨',
    frames: (frames, changes) => `받은 호가 ${frames}, 변경 ${changes}`,
    gaps: '이 기간의 공백',
    noGaps: '이 기간에는 공백이 없습니다.',
    from: '시작',
    to: '끝',
    open: '진행 중',
    lasted: '길이',
    cause: '원인',
    detail: '내용',
    at: '시각',
    slider: '시각',
    back: (step) => `${step} 뒤로`,
    forward: (step) => `${step} 앞으로`,
    book: '그 시각의 호가',
    received: '받은 시각',
    exchangeTime: '거래소 시각',
    sequence: '순번',
    noBook: '이 시각까지 저장된 호가가 없습니다.',
    inGap: '공백 구간입니다. 아래는 그 전의 마지막 호가입니다.',
    export: '이 기간 내보내기',
    exportHint: '행: 저장된 호가 한 줄마다 하나. 호가창: 변경마다 호가창 전체 하나.',
    rows: '행',
    books: '호가창',
    price: '중간값',
    gap: '공백',
    nothing: '이 기간에 저장된 것이 없습니다.',
    goTo: '이 시각으로',
  },
  events: {
    heading: '이벤트',
    level: '최소 수준',
    levelColumn: '수준',
    pair: '시장',
    pairHint: '예: BTC-KRW, BTC',
    pairWrong: 'BTC 같은 코인이나 BTC-KRW 같은 시장을 쓰세요.',
    live: '실시간',
    pause: '멈춤',
    resume: '계속',
    more: '이전 항목',
    none: '조건에 맞는 항목이 없습니다.',
    cut: (entries) => `가장 새로운 항목 ${entries}개만 보여 줍니다.`,
    time: '시각',
    event: '이벤트',
    message: '내용',
    subject: '대상',
    system: '기록기',
    waiting: (entries) => `새 항목 ${entries}개`,
  },
  quality: {
    heading: '수집 품질',
    hint: '하루(UTC) 기준이며 나쁜 마켓이 먼저 나옵니다. 커버리지는 수집한 시간 중 누락 구간이 아닌 비율입니다.',
    day: '날짜',
    before: '전날',
    after: '다음 날',
    none: '이 날짜에는 수집한 기록이 없습니다.',
    shown: (shown, all) => `마켓 ${all}개 중 ${shown}개`,
    clockSteps: (times) => `시계가 뒤로 ${times}번 조정됨`,
    coverage: '커버리지',
    recorded: '수집 시간',
    books: '호가창',
    changed: '변경',
    gaps: '누락 구간',
    silence: '최장 무수신',
    audits: '대조 일치 / 불일치',
    late: '지연된 호가창',
  },
  lost: {
    heading: '없는 페이지입니다',
    text: '주소가 가리키는 곳이 없습니다. 위 메뉴에서 화면을 고르세요.',
  },
};

/** The texts in the language that is chosen. */
export const t = computed<Texts>(() => (lang.value === 'ko' ? KO : EN));
