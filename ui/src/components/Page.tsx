import { createContext, use, type ReactNode } from "react";
import css from "./Page.module.css";

/** What stands at the end of every top bar. The application fills it. */
export const TopBarEnd = createContext<ReactNode>(null);

interface PageProps {
  title: string;
  /** Where this is, for pages below another one. */
  trail?: ReactNode;
  /** One fact in mute. */
  fact?: ReactNode;
  children: ReactNode;
  /** The content takes the whole height and scrolls inside; otherwise the page scrolls. */
  fixed?: boolean;
  /** No padding around the content: it brings its own panels. */
  bare?: boolean;
  testId: string;
}

/** A screen: its top bar and its content. */
export function Page({ title, trail, fact, children, fixed, bare, testId }: PageProps) {
  return (
    <div className={css.page} data-testid={testId}>
      <header className={css.bar}>
        {trail}
        <h1 className={css.title}>{title}</h1>
        {fact ? <span className={css.fact}>{fact}</span> : null}
        <span className={css.end}>{use(TopBarEnd)}</span>
      </header>
      <main id="content" tabIndex={-1} className={css.content} data-fixed={fixed || undefined} data-bare={bare || undefined}>
        {bare ? children : <div className={css.inner}>{children}</div>}
      </main>
    </div>
  );
}

interface WizardProps {
  title: string;
  steps: ReactNode;
  close: ReactNode;
  children: ReactNode;
  /** What will happen, at the left of the footer. */
  foot: ReactNode;
  buttons: ReactNode;
  /** The content takes the whole height and scrolls inside. */
  fixed?: boolean;
  testId: string;
}

/** A screen with steps above and a footer below. */
export function WizardPage({ title, steps, close, children, foot, buttons, fixed, testId }: WizardProps) {
  return (
    <div className={css.page} data-testid={testId}>
      <header className={css.wizardBar}>
        <h1 className={css.title}>{title}</h1>
        <span className={css.line} />
        {steps}
        <span className={css.end}>{close}</span>
      </header>
      <main id="content" tabIndex={-1} className={css.content} data-fixed={fixed || undefined}>
        <div className={css.inner}>{children}</div>
      </main>
      <footer className={css.foot}>
        <span className={css.footText}>{foot}</span>
        {buttons}
      </footer>
    </div>
  );
}

/** The one sentence of a screen and what stands under it. */
export function Sentence({ children, under, testId }: { children: ReactNode; under?: ReactNode; testId?: string }) {
  return (
    <div className={css.question}>
      <h2 className={css.sentence} data-testid={testId ?? "sentence"}>{children}</h2>
      {under ? <p className={css.under}>{under}</p> : null}
    </div>
  );
}
