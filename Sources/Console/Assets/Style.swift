extension Assets {
    /// Calm colours of stone and patina, in the light and in the dark.
    static let styleText = styleColours + styleFrame + styleContent

    private static let styleColours = #"""
        :root {
          color-scheme: light dark;
          --wall: #f5f2eb; --panel: #fffdf9; --ink: #1e2624; --soft: #59645f; --line: #e0d9cb; --code: #f1ece0;
          --accent: #1d5a53; --on-accent: #ffffff; --ring: #c48a1c;
          --good: #185c3c; --good-wall: #e0f0e5; --bad: #97291f; --bad-wall: #f9e5e1; --warn: #714a00; --warn-wall: #faecc8;
          --bar: #6f9a93; --bar-bad: #c0564a; --bar-warn: #c98f14;
          --shadow: 0 1px 2px rgb(40 34 20 / 7%), 0 6px 22px rgb(40 34 20 / 5%);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --wall: #121715; --panel: #1a211e; --ink: #e6ebe8; --soft: #a2ada8; --line: #2d3632; --code: #232b28;
            --accent: #7cccbf; --on-accent: #06211d; --ring: #e3b04b;
            --good: #8fd9b0; --good-wall: #15321f; --bad: #f3a79d; --bad-wall: #3d1d19; --warn: #edc877; --warn-wall: #382b0f;
            --bar: #5f918a; --bar-bad: #d06a5e; --bar-warn: #e3b04b;
            --shadow: none;
          }
        }

        """#

    private static let styleFrame = #"""
        *, *::before, *::after { box-sizing: border-box; }
        html { font-size: 100%; -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--wall); color: var(--ink);
          font: 1rem/1.5 "Inter", system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
        h1 { font-size: clamp(1.4rem, 1.1rem + 1.4vw, 2rem); line-height: 1.2; letter-spacing: -0.015em; margin: 0; font-weight: 650; overflow-wrap: anywhere; }
        h2 { font-size: 1.05rem; margin: 0 0 .75rem; font-weight: 650; }
        h3 { font-size: .875rem; margin: 1.25rem 0 .4rem; font-weight: 600; color: var(--soft); }
        p { margin: 0 0 .75rem; }
        a { color: var(--accent); text-underline-offset: .18em; }
        code, pre { font: .875em/1.5 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; }
        code { overflow-wrap: anywhere; }
        pre { margin: 0; padding: .8rem 1rem; background: var(--code); border-radius: 8px; white-space: pre-wrap; }
        :focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; border-radius: 4px; }
        main:focus-visible { outline: none; }
        .soft { color: var(--soft); } .small { font-size: .875rem; }
        .skip { position: absolute; left: -999px; top: .5rem; background: var(--panel); padding: .5rem 1rem; z-index: 2; }
        .skip:focus { left: .5rem; }

        .bar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.75rem; padding: .7rem clamp(1rem, 4vw, 2.5rem);
          background: var(--panel); border-bottom: 1px solid var(--line); }
        .brand { display: flex; align-items: center; gap: .6rem; font-weight: 700; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
        .bar nav { display: flex; gap: .25rem; }
        .bar nav a { padding: .45rem .8rem; border-radius: 8px; color: var(--soft); text-decoration: none; font-weight: 550; }
        .bar nav a:hover { background: var(--code); color: var(--ink); }
        .bar nav a[aria-current] { background: var(--code); color: var(--ink); }
        .who { margin-left: auto; display: flex; align-items: center; gap: .75rem; }
        .who .name { color: var(--soft); overflow-wrap: anywhere; }
        main { max-width: 76rem; margin: 0 auto; padding: clamp(1.25rem, 3vw, 2.5rem) clamp(1rem, 4vw, 2.5rem) 4rem; }
        .title { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem 1.5rem; margin-bottom: 1.5rem; }
        .live { margin: 0; color: var(--warn); }

        button, .button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .55rem 1.15rem; border-radius: 9px; cursor: pointer;
          border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none; display: inline-block; }
        button:hover, .button:hover { filter: brightness(1.08); }
        button:disabled { opacity: .55; cursor: default; }
        button.quiet { background: none; color: var(--ink); border-color: var(--line); min-height: 2.4rem; padding: .35rem .8rem; font-weight: 500; }
        button.deny { background: none; color: var(--bad); border-color: var(--bad); }
        input, select, textarea { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft); border-radius: 8px; padding: .5rem .7rem; min-height: 2.75rem; width: 100%; }
        textarea { resize: vertical; }

        """#

    private static let styleContent = #"""
        .badge { display: inline-block; font-size: .8125rem; font-weight: 600; padding: .1rem .6rem; border-radius: 99px; background: var(--code); color: var(--soft); white-space: nowrap; }
        .badge.good { background: var(--good-wall); color: var(--good); }
        .badge.bad { background: var(--bad-wall); color: var(--bad); }
        .badge.warn { background: var(--warn-wall); color: var(--warn); }
        .badge.big { font-size: 1rem; padding: .25rem .9rem; }

        .panel, .card, .empty, .message { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
        .panel { padding: 1.25rem clamp(1rem, 2.5vw, 1.6rem); margin-bottom: 1.25rem; }
        .empty { padding: 3.5rem 1.5rem; text-align: center; color: var(--soft); }
        .empty strong { color: var(--ink); font-size: 1.1rem; }
        .message { max-width: 34rem; margin: 10vh auto 0; padding: 2.5rem; }
        .message p { margin-top: 1rem; }

        .cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .9rem; }
        .card-link { display: grid; grid-template-columns: 1fr auto; gap: .3rem 1.5rem; padding: 1.1rem 1.4rem; color: inherit; text-decoration: none; border-radius: 14px; }
        .card:hover { border-color: var(--accent); }
        .card.aside { opacity: .8; }
        .card-title { font-weight: 650; font-size: 1.1rem; overflow-wrap: anywhere; }
        .card-time { grid-row: 1; grid-column: 2; color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
        .card-where, .card-summary, .card-who { grid-column: 1 / -1; overflow-wrap: anywhere; }
        .card-who { display: flex; flex-wrap: wrap; gap: .25rem 1rem; color: var(--soft); }
        time.urgent { color: var(--bad); font-weight: 650; }

        .lead { margin-bottom: 1.5rem; } .lead-text { margin-top: .6rem; font-size: 1.05rem; max-width: 60rem; overflow-wrap: anywhere; }
        .crumbs { margin-bottom: .4rem; font-size: .9375rem; }
        .badges { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: .6rem; }
        .notice { background: var(--warn-wall); color: var(--warn); border-radius: 10px; padding: .8rem 1.1rem; font-weight: 550; }
        .columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(18rem, 22rem); gap: 1.25rem; align-items: start; }
        .side-column { position: sticky; top: 1rem; }
        .state { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; font-variant-numeric: tabular-nums; }
        .decision { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 1rem; }
        .decision label { display: block; font-weight: 600; margin-bottom: .35rem; }
        .buttons { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; margin: .8rem 0; }
        .votes { list-style: none; padding: 0; margin: 0; }
        .votes li { padding: .6rem 0; border-top: 1px solid var(--line); }
        blockquote { margin: .35rem 0 0; padding-left: .8rem; border-left: 3px solid var(--line); overflow-wrap: anywhere; white-space: pre-line; }
        .recent { list-style: none; margin: 0; padding: 0; }
        .recent li { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr) auto; gap: .1rem .8rem; padding: .45rem 0; border-top: 1px solid var(--line); }
        .recent li:first-child { border-top: 0; }
        .recent-when { color: var(--soft); font-variant-numeric: tabular-nums; } .recent-what { overflow-wrap: anywhere; }
        .arns { margin: 0; padding: 0; list-style: none; display: grid; gap: .3rem; }

        .panel > h3:first-child { margin-top: 0; }
        .facts { margin: .9rem 0 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem 1.5rem; }
        .facts.narrow { grid-template-columns: 1fr; margin: 0; }
        .facts dt { color: var(--soft); font-size: .875rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
        .chain { margin: 1.2rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }

        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th { text-align: left; font-weight: 600; }
        thead th { font-size: .875rem; color: var(--soft); padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
        tbody td, tbody th { padding: .55rem .8rem .55rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        .rows td { font-variant-numeric: tabular-nums; } .rows td:first-child { white-space: nowrap; }
        .rows .arn { min-width: 14rem; } .rows td > a > code { white-space: nowrap; }
        .parameters th { font-weight: 500; min-width: 9rem; } .parameters td { white-space: pre-wrap; width: 70%; }
        .panel tbody tr:last-child > * { border-bottom: 0; }

        .filters { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .8rem; align-items: end; margin-bottom: 1.25rem; }
        .filters label { font-size: .875rem; color: var(--soft); } .filters input, .filters select { color: var(--ink); font-size: 1rem; margin-top: .2rem; }
        .chart { background: var(--panel); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); margin: 0 0 1.25rem; padding: 1.1rem 1.4rem .7rem; }
        .chart svg { display: block; width: 100%; height: 9.5rem; }
        .chart figcaption { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin-bottom: .8rem; }
        .chart .axis { display: flex; justify-content: space-between; margin: .3rem 0 0; font-size: .875rem; }
        .key::before { content: ""; display: inline-block; width: .8em; height: .8em; border-radius: 3px; margin-right: .5em; background: var(--bar); }
        .key.denials::before { background: var(--bar-bad); } .key.masked::before { background: var(--bar-warn); }
        .chart .calls { fill: var(--bar); } .chart .denials { fill: var(--bar-bad); } .chart .masked { fill: var(--bar-warn); }
        .chart .hit { fill: transparent; } .chart g:hover .hit { fill: var(--code); } .chart .base { stroke: var(--line); stroke-width: 1; }
        .more { text-align: center; margin-top: 1.5rem; }

        @media (max-width: 56rem) {
          .columns { grid-template-columns: 1fr; }
          .side-column { position: static; display: contents; }
          .main-column { display: contents; }
          .columns .what { order: -2; } .columns .decide { order: -1; } .columns > * > .panel { margin-bottom: 0; }
        }
        @media (max-width: 36rem) {
          .bar { gap: .4rem .9rem; } .bar nav { order: 3; width: 100%; } .bar nav a { flex: 1; text-align: center; }
          .card-link { grid-template-columns: 1fr; } .card-time { grid-row: auto; grid-column: 1; }
          .who .name { display: none; }
          .rows, .rows tbody { display: block; } .rows thead { position: absolute; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .rows tr { display: flex; flex-wrap: wrap; gap: .25rem .8rem; padding: .8rem 0; border-bottom: 1px solid var(--line); }
          .rows td { border: 0; padding: 0; overflow-wrap: anywhere; } .rows td:nth-child(3), .rows .arn { flex-basis: 100%; }
          .rows .decided::before { content: "decided "; color: var(--soft); } .filters { grid-template-columns: 1fr 1fr; }
          .rows td:empty { display: none; } .rows td > a > code { white-space: normal; }
          .recent li { grid-template-columns: 1fr auto; } .recent-what { grid-row: 2; grid-column: 1 / -1; }
        }
        @media (prefers-reduced-motion: no-preference) { .card, button { transition: border-color .15s, filter .15s; } }
        @media (forced-colors: active) { .badge, button { border: 1px solid; } }
        """#
}
