import './styles.css';
import { render } from 'preact';
import { App } from './app.js';
import { followMarkets } from './data/markets.js';
import { followRecorder } from './data/recorder.js';

followRecorder();
followMarkets();
render(<App />, document.getElementById('app')!);
