/// The pages' mustache templates by name.
enum Templates {
    static let all = [
        "head": head, "foot": foot, "message": message, "pending": pending, "pending-list": pendingList,
        "approval": approval, "approval-status": approvalStatus, "history": history, "calls": calls,
        "call-rows": callRows, "chart": chart, "call": call, "parameters": parameters, "moment": moment,
        "badge": badge,
    ]

    static let head = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>{{frame.title}} · Postern</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" type="image/svg+xml" href="{{frame.base}}assets/{{frame.icon.name}}">
        <link rel="stylesheet" href="{{frame.base}}assets/{{frame.style.name}}" integrity="{{frame.style.integrity}}">
        <script defer src="{{frame.base}}assets/{{frame.script.name}}" integrity="{{frame.script.integrity}}"></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="bar">
        <a class="brand" href="{{frame.base}}"><img src="{{frame.base}}assets/{{frame.icon.name}}" alt="" width="28" height="28">Postern</a>
        {{#frame.person}}
        <nav aria-label="Sections">
        <a href="{{frame.base}}"{{#frame.isPending}} aria-current="page"{{/frame.isPending}}>Pending</a>
        <a href="{{frame.base}}history"{{#frame.isHistory}} aria-current="page"{{/frame.isHistory}}>History</a>
        <a href="{{frame.base}}calls"{{#frame.isCalls}} aria-current="page"{{/frame.isCalls}}>Calls</a>
        </nav>
        <form class="who" method="post" action="{{frame.base}}logout">
        <input type="hidden" name="token" value="{{logoutToken}}">
        <span class="name">{{personName}}</span>
        <button class="quiet" type="submit">Sign out</button>
        </form>
        {{/frame.person}}
        </header>
        <main id="main" tabindex="-1">
        """#

    static let foot = #"""
        </main>
        </body>
        </html>
        """#

    static let message = #"""
        {{> head}}
        <section class="message">
        <h1>{{message.title}}</h1>
        <p>{{message.text}}</p>
        {{#message.link}}<p><a class="button" href="{{frame.base}}{{message.linkPath}}">{{message.link}}</a></p>{{/message.link}}
        </section>
        {{> foot}}
        """#

    static let moment = #"""
        <time datetime="{{iso}}" title="{{clock}} UTC" data-relative>{{relative}}</time>
        """#

    static let badge = #"""
        <span class="badge {{tone}}">{{label}}</span>
        """#

    static let pending = #"""
        {{> head}}
        <div class="title">
        <h1>Waiting for a decision</h1>
        <p class="live" role="status" data-live-note hidden></p>
        </div>
        <section data-live="{{frame.base}}pending" aria-label="Pending approvals">
        {{> pending-list}}
        </section>
        {{> foot}}
        """#

    static let pendingList = #"""
        {{^hasCards}}
        <div class="empty">
        <p><strong>Nothing waits for a decision.</strong></p>
        <p>When an agent asks for something that the policy wants a person to see, it appears here by itself.</p>
        </div>
        {{/hasCards}}
        <ul class="cards" data-count="{{count}}">
        {{#cards}}
        <li class="card{{^isMine}} aside{{/isMine}}">
        <a class="card-link" href="{{href}}">
        <span class="card-title">{{title}}</span>
        <span class="card-where"><code>{{operation}}</code>{{#badges}} {{> badge}}{{/badges}}</span>
        <span class="card-summary">{{summary}}</span>
        <span class="card-who"><span>{{requester}}</span>{{#query}}<span class="soft">query {{query}}</span>{{/query}}{{#votes}}<span class="badge plain">{{votes}} approvals</span>{{/votes}}{{#note}}<span class="badge plain">{{note}}</span>{{/note}}</span>
        <span class="card-time">{{#expires}}expires <time datetime="{{iso}}" title="{{clock}} UTC" data-until>{{relative}}</time>{{/expires}}</span>
        </a>
        </li>
        {{/cards}}
        </ul>
        """#

    static let history = #"""
        {{> head}}
        <div class="title"><h1>History</h1></div>
        {{^hasCards}}<div class="empty"><p><strong>Nothing has been decided yet.</strong></p></div>{{/hasCards}}
        {{#hasCards}}
        <div class="scroll" tabindex="0" role="region" aria-label="Decided approvals">
        <table class="rows">
        <thead><tr><th scope="col">Asked</th><th scope="col">State</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Decided</th></tr></thead>
        <tbody>
        {{#cards}}
        <tr>
        <td>{{#created}}{{> moment}}{{/created}}</td>
        <td>{{#state}}{{> badge}}{{/state}}</td>
        <td><a href="{{href}}">{{title}}</a> <code>{{operation}}</code></td>
        <td>{{requester}}</td>
        <td class="decided">{{#decided}}{{> moment}}{{/decided}}{{^decided}}<span class="soft">by nobody</span>{{/decided}}</td>
        </tr>
        {{/cards}}
        </tbody>
        </table>
        </div>
        {{/hasCards}}
        {{#older}}<p class="more"><a class="button" href="{{older}}">Older requests</a></p>{{/older}}
        {{> foot}}
        """#
}
