// In a transcript what is typed stands out from what is printed; an option is not broken; on a phone
// each cell of a table knows the heading of its column; a keyboard reaches all that a mouse does.
(() => {
    const part = (kind, text) => {
        const node = document.createElement(kind === 'typed' ? 'strong' : 'span');
        node.className = kind;
        node.textContent = text;
        return node;
    };
    for (const code of document.querySelectorAll('code.language-console')) {
        const lines = code.textContent.replace(/\n$/, '').split('\n');
        code.replaceChildren();
        for (const line of lines) {
            const typed = line.match(/^(\S*[#$] )(.*)$/);
            const isPrompt = typed && /^[#$] /.test(line);
            code.append(...(isPrompt ? [part('prompt', typed[1]), part('typed', typed[2])] : [line]), '\n');
        }
    }
    for (const code of document.querySelectorAll(':not(pre) > code:not(:has(*))')) {
        const words = code.textContent.split(/(\s+)/);
        code.replaceChildren(...words.map((word) => (/^(?=.*-).{2,24}$/.test(word) ? part('whole', word) : word)));
    }
    // A listing begins at the margin, wherever it stands in its file.
    for (const code of document.querySelectorAll('code.language-rust')) {
        const lines = code.textContent.split('\n').filter((line) => line.trim());
        const indent = Math.min(...lines.map((line) => line.search(/\S/)));
        const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        texts.nextNode();
        texts.currentNode.data = texts.currentNode.data.slice(indent);
        do {
            texts.currentNode.data = texts.currentNode.data.replaceAll(`\n${' '.repeat(indent)}`, '\n');
        } while (texts.nextNode());
    }
    for (const table of document.querySelectorAll('.table-wrapper table')) {
        const heads = [...table.querySelectorAll('thead th')].map((head) => head.textContent.replace(/\w$/, '$&:'));
        for (const row of table.querySelectorAll('tbody tr')) {
            [...row.cells].forEach((cell, at) => { cell.dataset.label = heads[at] ?? ''; });
        }
    }
    // A label takes no focus: what shows and hides the sidebar becomes a button in its place.
    const label = document.getElementById('mdbook-sidebar-toggle');
    const button = document.createElement('button');
    const alike = () => {
        for (const { name, value } of label.attributes) if (name !== 'for') button.setAttribute(name, value);
    };
    alike();
    button.type = 'button';
    button.append(...label.childNodes);
    button.addEventListener('click', () => {
        label.click();
        document.getElementById('mdbook-sidebar-toggle-anchor').click();
    });
    label.replaceWith(button);
    new MutationObserver(alike).observe(label, { attributes: true });
    // What is wider than its place takes the focus, and arrows scroll it instead of turning the page.
    const fit = new ResizeObserver((entries) => {
        for (const { target } of entries) {
            if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
            else target.removeAttribute('tabindex');
        }
    });
    for (const wide of document.querySelectorAll('pre > code, .table-wrapper, figure')) {
        fit.observe(wide);
        wide.addEventListener('keydown', (event) => {
            if (wide.tabIndex === 0 && event.key.startsWith('Arrow')) event.stopPropagation();
        });
    }
    // The parts of the page, by name.
    const name = (id, role, label) => {
        const element = document.getElementById(id);
        element?.setAttribute('role', role);
        element?.setAttribute('aria-label', label);
    };
    name('mdbook-menu-bar', 'banner', 'Menu');
    name('mdbook-search-wrapper', 'search', 'Search');
    name('mdbook-searchbar', 'searchbox', 'Search this book');
    name('mdbook-help-container', 'dialog', 'Keyboard shortcuts');
})();
