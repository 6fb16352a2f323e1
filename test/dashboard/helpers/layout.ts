/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return --
   one function here runs in the page, and the tests have no types of a page */
import type { Page } from 'playwright-core';

/**
 * What is wrong with how a page is laid out now: texts cut off by their box, texts printed over each
 * other, a page wider than its window. Texts for screen readers only are left out; what can be
 * scrolled into sight is not cut off.
 */
export async function layoutProblems(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(${findProblems.toString()})()`);
}

/** Runs in the page, so it may use nothing from outside itself. */
function findProblems(): string[] {
  interface Box {
    left: number;
    top: number;
    right: number;
    bottom: number;
  }
  const { document, innerWidth, getComputedStyle } = globalThis as unknown as {
    document: any;
    innerWidth: number;
    getComputedStyle: (element: any) => any;
  };
  const problems: string[] = [];
  const { scrollWidth } = document.scrollingElement;
  if (scrollWidth > innerWidth) problems.push(`the page is ${scrollWidth} px wide`);
  const grid = document.querySelector('.grid');
  const rows: Box[] = [...document.querySelectorAll('.grid-body .row')].map((row): Box =>
    row.getBoundingClientRect(),
  );
  if (grid !== null && grid.scrollWidth > grid.clientWidth + 1) {
    problems.push(`the markets are ${grid.scrollWidth} px wide, their table ${grid.clientWidth}`);
  }
  rows.sort((a, b) => a.top - b.top);
  rows.forEach(({ top }, i) => {
    if (i > 0 && top < rows[i - 1]!.bottom - 1) problems.push(`row ${i} lies over the one before`);
  });
  /** Room that a choice needs beside its text for its arrow, px. */
  const arrow = 16;
  const pen = document.createElement('canvas').getContext('2d');
  for (const select of document.querySelectorAll('select')) {
    const style = getComputedStyle(select);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const text: string = select.selectedOptions[0]?.text ?? '';
    const room =
      select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
    if (select.clientWidth > 0 && pen.measureText(text).width > room + 1) {
      problems.push(`cut off: the choice "${text}"`);
    }
  }
  const seen: { text: string; box: Box; floats: boolean }[] = [];
  const walker = document.createTreeWalker(document.body, 4 /* text */);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text: string = node.data.trim();
    const parent = node.parentElement;
    if (
      text === '' ||
      parent.closest(
        '.unseen, .skip, script, noscript, option, dialog, details:not([open]) > :not(summary)',
      ) !== null
    ) {
      continue;
    }
    const range = document.createRange();
    range.selectNodeContents(node);
    const { overflowX, textOverflow } = getComputedStyle(parent);
    if (
      textOverflow === 'ellipsis' &&
      overflowX !== 'visible' &&
      parent.scrollWidth > parent.clientWidth
    ) {
      problems.push(`cut off: "${text}" in ${parent.className || parent.tagName}`);
      continue;
    }
    for (const rect of range.getClientRects()) {
      let box: Box | null = {
        left: rect.left,
        top: rect.top,
        right: rect.right,
        bottom: rect.bottom,
      };
      if (box.right - box.left < 2) continue;
      let floats = false;
      for (let up = parent; up !== null && box !== null; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (style.clipPath !== 'none' || style.visibility === 'hidden') box = null;
        else {
          if (style.position === 'sticky') floats = true;
          const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY);
          const cuts = /hidden|clip/.test(style.overflowX);
          if (!scrolls && !cuts) continue;
          const edge = up.getBoundingClientRect();
          if (scrolls) {
            const inside: Box = {
              left: Math.max(box.left, edge.left),
              right: Math.min(box.right, edge.right),
              top: Math.max(box.top, edge.top),
              bottom: Math.min(box.bottom, edge.bottom),
            };
            box = inside.right - inside.left > 2 && inside.bottom - inside.top > 2 ? inside : null;
          } else if (box.right > edge.right + 1 || box.left < edge.left - 1) {
            problems.push(`cut off: "${text}" in ${up.className || up.tagName}`);
            box = null;
          }
        }
      }
      if (box !== null) seen.push({ text, box, floats });
    }
  }
  for (let i = 0; i < seen.length; i++) {
    const a = seen[i]!;
    for (let j = i + 1; j < seen.length; j++) {
      const b = seen[j]!;
      if (a.floats !== b.floats) continue;
      const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (width > 2 && height > 4) problems.push(`"${a.text}" lies over "${b.text}"`);
    }
  }
  return problems;
}
