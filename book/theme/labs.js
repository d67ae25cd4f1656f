// In a transcript what is typed stands out from what is printed; on a phone each cell of
// a table knows the heading of its column.
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
    for (const table of document.querySelectorAll('.table-wrapper table')) {
        const heads = [...table.querySelectorAll('thead th')].map((head) => head.textContent);
        for (const row of table.querySelectorAll('tbody tr')) {
            [...row.cells].forEach((cell, at) => { cell.dataset.label = heads[at] ?? ''; });
        }
    }
})();
