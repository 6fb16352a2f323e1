import { useEffect, useRef } from 'preact/hooks';
import { Redirect, Route, Switch, useLocation } from 'wouter-preact';
import { connection } from './data/connection.js';
import { exchangeFaces, firstExchange } from './data/exchanges.js';
import { Header } from './parts/header.js';
import { KeysHelp } from './parts/keys-help.js';
import { FailureNote, StopDialog, TokenDialog, UndoNote } from './parts/mutation-dialogs.js';
import { FailingNote } from './parts/verdict.js';
import { t } from './text/texts.js';
import {
  EventsView,
  HistoryView,
  MarketView,
  PremiumsView,
  PremiumView,
  QualityView,
} from './views/lazy-views.js';
import { LostView } from './views/lost.js';
import { OverviewView } from './views/overview.js';

/** The page: its frame and the view named by the address. */
export function App() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A new view is read from its start, by eyes and by screen readers.
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [path]);
  return (
    <>
      <a class="skip" href="#main">
        {t.value.skip}
      </a>
      <Header />
      <div role="status" class="banner-place">
        {connection.value === 'lost' && (
          <p class="banner">
            <span aria-hidden="true">⚠</span> {t.value.connection.lostLong}
          </p>
        )}
        {path !== '/' && <FailingNote />}
      </div>
      <FailureNote />
      <UndoNote />
      <main
        id="main"
        ref={main}
        tabIndex={-1}
        class={connection.value === 'lost' ? 'offline' : undefined}
      >
        {exchangeFaces.value.length === 0 ? (
          <p class="empty tall">{t.value.common.loading}</p>
        ) : (
          <Switch>
            <Route path="/">
              <OverviewView />
            </Route>
            <Route path="/market">
              <Redirect to="/market/BTC-KRW" replace />
            </Route>
            <Route path="/market/:pair">
              {({ pair }) => <MarketView key={pair} pair={pair} />}
            </Route>
            <Route path="/premium">
              <PremiumsView />
            </Route>
            <Route path="/premium/:pair">
              {({ pair }) => <PremiumView key={pair} pair={pair} />}
            </Route>
            <Route path="/history">
              <Redirect to={`/history/${firstExchange()}/BTC-KRW`} replace />
            </Route>
            <Route path="/history/:exchange/:pair">
              {({ exchange, pair }) => (
                <HistoryView key={`${exchange}:${pair}`} exchange={exchange} pair={pair} />
              )}
            </Route>
            <Route path="/events">
              <EventsView />
            </Route>
            <Route path="/report">
              <Redirect to="/quality" replace />
            </Route>
            <Route path="/quality">
              <QualityView />
            </Route>
            <Route>
              <LostView />
            </Route>
          </Switch>
        )}
      </main>
      <StopDialog />
      <KeysHelp />
      <TokenDialog />
    </>
  );
}
