// What a keyboard alone can do in a page of the book.

/** Without transitions what changes is as it will be at once. */
export const still = (page) => page.addStyleTag({ content: '* { transition: none !important; animation: none !important; }' });

const VISIBLE = 'a[href], button, summary, input, [role="button"], label[for]';

/** Presses Tab through a whole page, then uses what it reached. */
export async function keyboard(page, url) {
    const findings = [];
    const report = (rule, target, what) => findings.push({ rule, target, what });
    await page.goto(url);
    await still(page);

    // Everything that a mouse can press is reached, and shows that it is.
    await page.evaluate((selector) => {
        window.unreached = new Set([...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()));
    }, VISIBLE);
    for (let presses = 0; presses < 2000; presses++) {
        await page.keyboard.press('Tab');
        const unseen = await page.evaluate(() => {
            const element = document.activeElement;
            if (element === document.body || element === window.first) return 'end';
            window.first ??= element;
            window.unreached.delete(element);
            // A hidden checkbox is worked by its label.
            for (const label of element.labels ?? []) window.unreached.delete(label);
            const shown = [element, ...(element.labels ?? [])].some((part) => {
                const { outlineStyle, opacity, boxShadow } = getComputedStyle(part);
                const seen = part.checkVisibility({ opacityProperty: true, visibilityProperty: true });
                return seen && opacity !== '0' && (outlineStyle !== 'none' || boxShadow !== 'none');
            });
            return shown ? '' : element.outerHTML.slice(0, 90);
        });
        if (unseen === 'end') break;
        if (unseen) report('focus-visible', unseen, 'show that it has the focus');
    }
    for (const html of await page.evaluate(() => [...window.unreached].map((element) => element.outerHTML.slice(0, 90)))) {
        report('keyboard-reach', html, 'make it reachable by Tab');
    }

    const focus = (selector) => page.evaluate((selector) => document.querySelector(selector).focus(), selector);
    const expect = async (target, what, question) => {
        const holds = page.waitForFunction(question, undefined, { timeout: 2000 }).then(() => true, () => false);
        if (!(await holds)) report('keyboard-use', target, what);
    };

    await focus('main details > summary');
    await page.keyboard.press('Enter');
    await expect('details', 'Enter opens an answer', () => document.querySelector('main details').open);

    await page.evaluate(() => { window.wasVisible = document.documentElement.classList.contains('sidebar-visible'); });
    await focus('#mdbook-sidebar-toggle');
    await page.keyboard.press('Enter');
    await expect('#mdbook-sidebar-toggle', 'Enter shows and hides the sidebar',
        () => document.documentElement.classList.contains('sidebar-visible') !== window.wasVisible);

    await focus('#mdbook-theme-toggle');
    for (const key of ['Enter', 'ArrowDown', 'ArrowDown', 'Enter', 'Escape']) await page.keyboard.press(key);
    await expect('#mdbook-theme-toggle', 'arrows choose a theme, Escape closes the list',
        () => document.activeElement.id === 'mdbook-theme-toggle');

    // Arrows scroll what has the focus and scrolls; only elsewhere they turn the page. In a narrow
    // window there is something.
    const { width, height } = page.viewportSize();
    await page.setViewportSize({ width: 700, height });
    await expect('pre code', 'a wide listing takes the focus', () => {
        window.scroller = [...document.querySelectorAll('pre code, .table-wrapper, figure')]
            .find((element) => element.scrollWidth > element.clientWidth);
        window.scroller?.focus();
        return document.activeElement === window.scroller;
    });
    await page.keyboard.press('ArrowRight');
    await expect('pre code', 'an arrow scrolls a wide listing', () => window.scroller && window.scroller.scrollLeft > 0);
    if (page.url() !== url) {
        report('keyboard-use', 'pre code', 'an arrow in a wide listing turns the page');
        await page.goto(url);
    }
    await page.setViewportSize({ width, height });

    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('/');
    await page.keyboard.type('veth');
    await expect('#mdbook-searchbar', '/ searches', () => document.querySelector('#mdbook-searchresults li'));
    await page.keyboard.press('ArrowDown');
    await expect('#mdbook-searchresults', 'the down arrow reaches the results',
        () => document.querySelector('#mdbook-searchresults .focus, #mdbook-searchresults a:focus'));
    await page.keyboard.press('Escape');
    await expect('#mdbook-searchbar', 'Escape closes the search',
        () => document.querySelector('#mdbook-search-wrapper').classList.contains('hidden'));
    await page.close();
    return findings;
}
