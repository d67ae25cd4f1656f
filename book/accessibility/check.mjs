// Holds the built book to WCAG AA: axe-core over every page in every theme, the colours of the
// pictures, which axe does not see, and what a keyboard alone can do.
// One line a finding: rule, page, theme, target, what to do. `just accessibility` runs it.
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { keyboard, still } from './keyboard.mjs';
import { pictures } from './pictures.mjs';

const THEMES = ['light', 'rust', 'coal', 'navy', 'ayu'];
// What a theme changes; axe's other rules are asked once a page.
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
// What mdBook's own pages do and a few lines of ours cannot mend: rule, selector, why.
const KNOWN = [];

// What a reader opens, and a narrow window, in which tables are cards.
const STATES = [
    { name: 'index.html', as: 'help', prepare: (page) => page.keyboard.press('?') },
    {
        name: 'index.html?search=namespace',
        as: 'themes',
        prepare: async (page) => {
            await page.waitForSelector('#mdbook-searchresults li');
            await page.click('#mdbook-theme-toggle');
        },
    },
    { name: 'net_ns.html?highlight=veth' },
    { name: 'errno.html', as: 'narrow', prepare: (page) => page.setViewportSize({ width: 400, height: 800 }) },
];

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const book = fileURLToPath(new URL('../book/', import.meta.url));
// The pages are served from their folder, without a server; 404.html wants to be at the root.
const ORIGIN = 'http://book.test/';
const findings = [];

/** Adds the findings of axe on a page as it is now. */
async function ask(page, name, theme, rules) {
    const options = rules ? { runOnly: rules } : {};
    const { violations } = await page.evaluate((options) => window.axe.run(document, options), options);
    for (const { id, nodes, help } of violations) {
        for (const { target, any, all, none } of nodes) {
            const what = [...any, ...all, ...none][0]?.message ?? help;
            report(id, name, theme, target.flat().join(' '), what);
        }
    }
}

function report(rule, page, theme, target, what) {
    if (!KNOWN.some((known) => known.rule === rule && target.includes(known.selector))) {
        findings.push({ rule, line: [rule, page, theme, target, what].join('  ') });
    }
}

/** A page with everything unfolded, and with the script of axe in it. */
async function open(context, name) {
    const page = await context.newPage();
    await page.goto(ORIGIN + name);
    await page.addScriptTag({ path: axe });
    await still(page);
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
    return page;
}

/** Clicks until the page has the theme: a script may still be on its way. */
const choose = (page, theme) => page.waitForFunction((theme) => {
    document.getElementById(`mdbook-theme-${theme}`)?.click();
    return document.documentElement.classList.contains(theme);
}, theme);

async function inEveryTheme(page, name) {
    for (const theme of THEMES) {
        await choose(page, theme);
        await ask(page, name, theme, theme === THEMES[0] ? undefined : COLOUR_RULES);
        for (const { target, what } of await page.evaluate(pictures)) {
            report('picture-contrast', name, theme, target, what);
        }
    }
}

async function main() {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        // Chromium's sandbox needs another user than root.
        args: process.getuid() === 0 ? ['--no-sandbox'] : [],
    });
    // Two pages at once would each keep the theme of the other, which lies in the browser's memory.
    const reader = async () => {
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
        await context.route(`${ORIGIN}**`, (route) => {
            const path = join(book, new URL(route.request().url()).pathname);
            return route.fulfill({ path }).catch(() => {
                report('missing-file', new URL(route.request().frame().url()).pathname.slice(1), 'any', path, 'build the book anew, or mend the link');
                return route.abort();
            });
        });
        return context;
    };
    // print.html is all the other pages again; toc.html is a frame for browsers without scripts.
    const names = (await readdir(book)).filter((name) => /\.html$/.test(name) && !/^(print|toc)\.html$/.test(name));
    const states = [...names.sort().map((name) => ({ name })), ...STATES];
    const next = async () => {
        const context = await reader();
        for (let state = states.shift(); state; state = states.shift()) {
            const page = await open(context, state.name);
            await state.prepare?.(page);
            await inEveryTheme(page, [state.name, state.as].filter(Boolean).join(', '));
            await page.close();
        }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, next));

    for (const { rule, target, what } of await keyboard(await (await reader()).newPage(), `${ORIGIN}net_ns.html`)) {
        report(rule, 'net_ns.html', 'light', target, what);
    }
    await browser.close();

    const counts = {};
    for (const { rule, line } of findings) {
        console.log(line);
        counts[rule] = (counts[rule] ?? 0) + 1;
    }
    console.error(`${names.length} pages in ${THEMES.length} themes: ${findings.length} findings`, counts);
    process.exitCode = findings.length ? 1 : 0;
}

await main();
