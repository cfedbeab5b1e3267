/// The page's style: it fetches nothing, and the reader's system picks light or dark.
enum PageStyle {
    static let css = colors + layout + tables + plots

    private static let colors = """
        :root{color-scheme:light dark;--paper:#fcfcfb;--card:#fff;--ink:#1c2126;--soft:#5b6670;\
        --rule:#dde1e4;--faint:#eef0f2;--good:#00664a;--goodback:#e3f3ec;--bad:#a33d00;\
        --warn:#fff4dc;--s0:#6f7780;--s1:#0068a8;--s2:#3a9bdc;--s3:#008a66;--s4:#d55e00;\
        --s5:#b98900;--s6:#b5588f;--s7:#1c2126}
        @media (prefers-color-scheme:dark){:root{--paper:#14181b;--card:#1b2024;--ink:#e6e9eb;\
        --soft:#9aa5ae;--rule:#343c43;--faint:#262d32;--good:#5fd3a8;--goodback:#15352b;\
        --bad:#ff9c63;--warn:#3a2f14;--s0:#98a2ab;--s1:#4da3e8;--s2:#9ed3ff;--s3:#35c79a;\
        --s4:#ff8a3d;--s5:#e8bd3f;--s6:#e08fc0;--s7:#e6e9eb}}
        .s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}\
        .s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}

        """

    private static let layout = """
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);\
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        main{max-width:1280px;margin:0 auto;padding:28px 20px 64px}
        h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
        h2{font-size:1.25rem;margin:48px 0 8px;letter-spacing:-.005em}
        h3{font-size:1.05rem;margin:44px 0 2px;scroll-margin-top:12px}
        a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:3px}
        p{max-width:74ch;margin:6px 0 12px}
        .soft{color:var(--soft);font-size:.9rem}
        code{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.92em}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:12px 0;\
        font-size:.92rem}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .plots{display:grid;gap:18px;margin:16px 0;align-items:start;\
        grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr))}
        figure{margin:0;padding:14px 14px 10px;background:var(--card);\
        border:1px solid var(--rule);border-radius:8px;min-width:0}
        figcaption{font-weight:600;font-size:.95rem;margin-bottom:6px}
        .verdicts .scroll{border:0;margin:0}.verdicts td small{font-size:.85rem}
        summary{cursor:pointer;color:var(--soft);font-size:.85rem;margin-top:6px}
        ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:4px 0 0;\
        padding:0;font-size:.85rem}
        ul.legend li{display:flex;align-items:center;gap:6px}
        ul.words{margin:8px 0;padding-left:20px;font-size:.92rem}
        .doubt{background:var(--warn);border-radius:6px;padding:8px 12px;margin:10px 0;\
        font-size:.92rem;max-width:none}
        @media (max-width:560px){main{padding:18px 12px 48px}h1{font-size:1.4rem}\
        dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}figure{padding:10px 8px}\
        small.about{display:none}th:first-child{max-width:36vw}tbody th{min-width:0}}

        """

    private static let tables = """
        .scroll{overflow-x:auto;margin:10px 0;border:1px solid var(--rule);border-radius:8px;\
        background:linear-gradient(to left,var(--card) 40%,transparent) right/36px 100% no-repeat \
        local,linear-gradient(to left,var(--rule),transparent) right/14px 100% no-repeat scroll,\
        var(--card)}
        table{border-collapse:collapse;width:100%;font-size:.86rem;\
        font-variant-numeric:tabular-nums}
        th,td{padding:6px 8px;text-align:right;white-space:nowrap;vertical-align:top;\
        border-top:1px solid var(--faint)}
        th:first-child{padding-left:12px}th:last-child,td:last-child{padding-right:12px}
        thead th{border-top:0;border-bottom:1px solid var(--rule);font-weight:600;\
        color:var(--soft);font-size:.8rem;line-height:1.3;vertical-align:bottom;white-space:normal}
        th:first-child{text-align:left;position:sticky;left:0;background:var(--card);z-index:1}
        tbody th{font-weight:500;white-space:normal;min-width:12.5em;line-height:1.35}
        th span.name{display:inline-block;max-width:calc(100% - 38px);vertical-align:top}
        td.none{color:var(--soft);opacity:.6}
        th small{display:block;color:var(--soft);font-weight:400;white-space:normal;\
        min-width:17em}
        td small{display:block;color:var(--soft);font-size:.78rem;white-space:normal}
        td.best{background:var(--goodback)}td.best b{color:var(--good)}
        td.wide{text-align:left;white-space:normal;color:var(--soft)}
        small.better,td.better{color:var(--good)}small.worse,td.worse,.wrong{color:var(--bad)}
        td.words{text-align:left;white-space:normal;min-width:18em}
        .wrong{font-weight:600}

        """

    private static let plots = """
        svg.plot{display:block;width:100%;height:auto}
        svg.strip{width:112px;height:14.7px;vertical-align:middle}
        svg.swatch{width:30px;height:12px;flex:none;vertical-align:middle;margin-right:4px}
        svg text{font-family:inherit;fill:var(--soft);font-size:12.5px;\
        font-variant-numeric:tabular-nums}
        svg text.name{font-size:13px}svg text.value{fill:var(--ink);font-size:13px}
        .grid{stroke:var(--rule);stroke-width:1}.faint{stroke:var(--faint)}
        .axis{stroke:var(--soft);stroke-width:1}
        .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;\
        stroke-linecap:round}
        .dot{fill:var(--c);stroke:var(--card);stroke-width:1}
        .hollow{fill:var(--card);stroke:var(--c);stroke-width:1.6}
        .whisker{stroke:var(--c);stroke-width:1.4;opacity:.75}
        .bar{fill:var(--c);opacity:.85}.variant .bar{fill-opacity:.4;stroke:var(--c)}
        .limits{stroke:var(--ink);stroke-width:1.4}
        .round{fill:var(--c);fill-opacity:.55;stroke:var(--c);stroke-width:1}
        .median{stroke:var(--ink);stroke-width:2}
        @media (max-width:560px){svg text,svg text.name,svg text.value{font-size:14px}}

        """
}
