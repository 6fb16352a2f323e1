import './styles.css';
import { render } from 'preact';
import { App } from './app.js';
import { followExchanges } from './data/exchanges.js';
import { followMarkets } from './data/markets.js';
import { followRecorder } from './data/recorder.js';

followExchanges();
followRecorder();
followMarkets();
render(<App />, document.getElementById('app')!);
