/// The pages' mustache templates by name.
enum Templates {
    static let all = ["head": head, "foot": foot, "message": message, "pending": pending]

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
        {{#message.link}}<p><a class="button" href="{{frame.base}}login">{{message.link}}</a></p>{{/message.link}}
        </section>
        {{> foot}}
        """#

    static let pending = #"""
        {{> head}}
        <h1>Pending</h1>
        <p class="empty">Nothing waits for a decision.</p>
        {{> foot}}
        """#
}
