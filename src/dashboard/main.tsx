import './styles.css';
import { render } from 'preact';
import { App } from './app.js';
import { followExchanges } from './data/exchanges.js';
import { followMarkets } from './data/markets.js';
import { followRecorder } from './data/recorder.js';
import { preload, preloadLinks } from './views/lazy-views.js';

// First: the current page's data is requested before what all pages show, whose first responses are long.
preload(location.pathname);
followExchanges();
followRecorder();
followMarkets();
preloadLinks();
render(<App />, document.getElementById('app')!);
