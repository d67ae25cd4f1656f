/**
 * Runs in the page: what of its pictures is too pale for its ground, by WCAG's contrast: 4.5 for
 * text, 3 for lines and shapes. The ground is the page, with the filled shapes drawn so far that
 * lie under the middle of an element. Lines of a scale (stroke-opacity 0.2) say nothing by
 * themselves, since each has a number, and may be pale.
 */
export function pictures() {
    const parse = (colour) => {
        const [r, g, b, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
        return { rgb: [r, g, b], alpha };
    };
    const over = (rgb, alpha, ground) => rgb.map((part, at) => part * alpha + ground[at] * (1 - alpha));
    const luminance = (rgb) => {
        const [r, g, b] = rgb.map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const opacity = (element) => {
        let product = 1;
        for (let at = element; at instanceof Element; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
        return product;
    };
    /** The colour of a fill or a stroke, and how opaque it is; undefined if it is not painted. */
    const paint = (element, kind) => {
        const style = getComputedStyle(element);
        if (style[kind] === 'none' || style.visibility === 'hidden') return undefined;
        const { rgb, alpha } = parse(style[kind]);
        return { rgb, alpha: alpha * Number(style[`${kind}Opacity`]) * opacity(element) };
    };
    const findings = [];
    for (const svg of document.querySelectorAll('main svg[role="img"]')) {
        const title = svg.querySelector('title')?.textContent ?? 'a picture without a title';
        const page = parse(getComputedStyle(document.querySelector('.page-wrapper') ?? document.body).backgroundColor).rgb;
        const filled = [];
        for (const element of svg.querySelectorAll('text, rect, circle, ellipse, path, line, polyline, polygon')) {
            if (element.closest('defs, marker')) continue;
            const box = element.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const under = filled.filter(({ box }) => x > box.left && x < box.right && y > box.top && y < box.bottom);
            const ground = under.reduce((rgb, { fill }) => over(fill.rgb, fill.alpha, rgb), page);
            const isText = element.tagName === 'text';
            const [fill, stroke] = [paint(element, 'fill'), isText ? undefined : paint(element, 'stroke')];
            // A shape is seen by its line, or by its fill, whichever is clearer.
            const shown = [fill, stroke].filter(Boolean).map(({ rgb, alpha }) => contrast(over(rgb, alpha, ground), ground));
            const best = Math.max(...shown);
            const need = isText ? 4.5 : 3;
            if (shown.length && best < need && stroke?.alpha !== 0.2) {
                const what = isText ? `"${element.textContent}"` : element.outerHTML.slice(0, 70);
                findings.push({ target: `${title}: ${what}`, what: `contrast ${best.toFixed(2)}, needs ${need}` });
            }
            if (fill && !isText && element.tagName !== 'path') filled.push({ box, fill });
        }
    }
    return findings;
}
