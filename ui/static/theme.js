// Light or dark, before anything shows: what was chosen on this browser, else what the system says.
(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const chosen = () => { try { return localStorage.getItem('parley-theme'); } catch { return null; } };
    const show = () => {
        document.documentElement.dataset.theme = chosen() || (system.matches ? 'dark' : 'light');
        document.dispatchEvent(new Event('parley-theme'));
    };
    system.addEventListener('change', show);
    window.parleyTheme = () => {
        const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
        // Choosing what the system has is following the system again.
        const follows = (next === 'dark') === system.matches;
        try {
            if (follows) localStorage.removeItem('parley-theme');
            else localStorage.setItem('parley-theme', next);
        } catch { /* a browser that keeps nothing */ }
        document.documentElement.dataset.theme = next;
        document.dispatchEvent(new Event('parley-theme'));
    };
    show();
})();
