extension Templates {
    static let approval = #"""
        {{> head}}
        <article>
        <header class="lead">
        <p class="crumbs"><a href="{{frame.base}}">Pending</a></p>
        <h1>{{heading}}</h1>
        <p class="lead-text">{{summary}}</p>
        <p class="badges"><code>{{operation}}</code> {{#badges}}{{> badge}} {{/badges}}</p>
        </header>
        {{#notice}}<p class="notice" role="alert">{{notice}}</p>{{/notice}}
        <div class="columns">
        <div class="main-column">
        <section class="panel what">
        <h2>What it would do</h2>
        {{#hasResources}}
        <h3>Resources</h3>
        <ul class="arns">{{#resources}}<li><code>{{.}}</code></li>{{/resources}}</ul>
        {{/hasResources}}
        <dl class="facts">{{#facts}}<div><dt>{{term}}</dt><dd>{{detail}}</dd></div>{{/facts}}</dl>
        {{#hasParameters}}<h3>Parameters</h3>
        {{> parameters}}{{/hasParameters}}
        {{#command}}
        <h3>As a command</h3>
        <pre tabindex="0" aria-label="The call as a command"><code>{{command}}</code></pre>
        {{/command}}
        </section>
        <section class="panel">
        <h2>Why it needs a person</h2>
        {{#explanation}}<p>{{explanation}}</p>{{/explanation}}
        {{#statement}}<p class="soft">Policy statement <code>{{statement}}</code></p>{{/statement}}
        </section>
        <section class="panel">
        <h2>What this agent did in the last hour</h2>
        {{^hasRecent}}<p class="soft">Nothing else.</p>{{/hasRecent}}
        {{#hasRecent}}
        <ul class="recent">
        {{#lines}}
        <li><span class="recent-when">{{#time}}{{> moment}}{{/time}}</span>
        <span class="recent-what"><a href="{{callHref}}"><code>{{operation}}</code></a> <code class="soft">{{resource}}</code>{{#moreResources}} <span class="soft">{{moreResources}}</span>{{/moreResources}}</span>
        <span class="recent-result">{{#maskedText}}<span class="badge warn">{{maskedText}}</span> {{/maskedText}}{{#resultBadge}}{{> badge}}{{/resultBadge}}</span></li>
        {{/lines}}
        </ul>
        {{/hasRecent}}
        </section>
        </div>
        <aside class="side-column" aria-label="Decision">
        <section class="panel decide">
        <div data-live="{{stateURL}}" data-state="{{status.stateWord}}">
        {{#status}}{{> approval-status}}{{/status}}
        </div>
        {{#form}}
        <form method="post" action="{{action}}" class="decision" data-once>
        <input type="hidden" name="token" value="{{formToken}}">
        <label for="reason">Reason <span class="soft">(needed to deny)</span></label>
        <textarea id="reason" name="reason" rows="3" maxlength="1000" required></textarea>
        <div class="buttons">
        <button class="approve" type="submit" name="verdict" value="approve" formnovalidate>Approve</button>
        <button class="deny" type="submit" name="verdict" value="deny">Deny</button>
        </div>
        <p class="soft small">Approving allows exactly this call. Any other call asks anew.</p>
        </form>
        {{/form}}
        </section>
        <section class="panel">
        <h2>Who asks</h2>
        <dl class="facts narrow">{{#requesterFacts}}<div><dt>{{term}}</dt><dd>{{detail}}</dd></div>{{/requesterFacts}}</dl>
        </section>
        </aside>
        </div>
        </article>
        {{> foot}}
        """#

    static let approvalStatus = #"""
        <p class="state">{{#badge}}<span class="badge big {{tone}}">{{label}}</span>{{/badge}}
        {{#until}}<span class="until">{{untilLabel}} <time datetime="{{iso}}" title="{{clock}} UTC" data-until>{{relative}}</time></span>{{/until}}</p>
        <p>{{progress}}</p>
        {{#hasVotes}}
        <ul class="votes">
        {{#voteRows}}
        <li>{{#badge}}{{> badge}}{{/badge}} <strong>{{person}}</strong> <span class="soft">{{channel}}, {{#time}}{{> moment}}{{/time}}</span>{{#reason}}<blockquote>{{reason}}</blockquote>{{/reason}}</li>
        {{/voteRows}}
        </ul>
        {{/hasVotes}}
        """#

    static let parameters = #"""
        <div class="scroll" tabindex="0" role="region" aria-label="Parameters">
        <table class="parameters">
        <thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
        <tbody>{{#parameterRows}}<tr><th scope="row"><code>{{parameter}}</code></th><td><code>{{value}}</code></td></tr>
        {{/parameterRows}}</tbody>
        </table>
        </div>
        """#
}
