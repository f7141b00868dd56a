extension Templates {
    static let calls = #"""
        {{> head}}
        <div class="title"><h1>Calls</h1></div>
        <form class="filters" method="get" action="{{frame.base}}calls">
        <label>Period <select name="period">{{#periods}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{choiceLabel}}</option>{{/periods}}</select></label>
        <label>Result <select name="result">{{#results}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{choiceLabel}}</option>{{/results}}</select></label>
        <label>Who <input name="subject" value="{{filterSubject}}" maxlength="256" placeholder="subject" autocomplete="off" spellcheck="false"></label>
        <label>Operation <input name="operation" value="{{filterOperation}}" maxlength="256" placeholder="s3 or s3.GetObject" autocomplete="off" spellcheck="false"></label>
        <label>Query <input name="query" value="{{filterQuery}}" maxlength="256" placeholder="model query" autocomplete="off" spellcheck="false"></label>
        <button type="submit">Show</button>
        </form>
        {{#chart}}{{> chart}}{{/chart}}
        {{#isEmpty}}<div class="empty"><p><strong>No call fits.</strong></p></div>{{/isEmpty}}
        {{^isEmpty}}{{> call-rows}}{{/isEmpty}}
        {{#older}}<p class="more"><a class="button" href="{{older}}">Older calls</a></p>{{/older}}
        {{> foot}}
        """#

    static let chart = #"""
        <figure class="chart">
        <figcaption>
        <span class="key calls">{{totalCalls}} calls</span>
        <span class="key denials">{{totalDenials}} denied</span>
        <span class="key masked">{{totalMasked}} secrets masked</span>
        <span class="soft">highest bar {{top}}</span>
        </figcaption>
        <svg viewBox="{{viewBox}}" preserveAspectRatio="none" role="img" aria-label="Calls over time: {{totalCalls}} calls, {{totalDenials}} denied, {{totalMasked}} secrets masked">
        <line class="base" x1="0" x2="{{fullWidth}}" y1="{{baseline}}" y2="{{baseline}}"></line>
        <line class="base" x1="0" x2="{{fullWidth}}" y1="{{bottom}}" y2="{{bottom}}"></line>
        {{#bars}}
        <g><title>{{tip}}</title>
        <rect class="hit" x="{{x}}" y="0" width="{{barWidth}}" height="{{bottom}}"></rect>
        <rect class="calls" x="{{x}}" y="{{callsY}}" width="{{barWidth}}" height="{{callsHeight}}"></rect>
        <rect class="denials" x="{{x}}" y="{{denialsY}}" width="{{barWidth}}" height="{{denialsHeight}}"></rect>
        <rect class="masked" x="{{x}}" y="{{maskedY}}" width="{{barWidth}}" height="{{maskedHeight}}"></rect>
        </g>
        {{/bars}}
        </svg>
        <p class="axis soft"><span>{{from}}</span><span>now</span></p>
        </figure>
        """#

    static let callRows = #"""
        <div class="scroll" tabindex="0" role="region" aria-label="Calls">
        <table class="rows">
        <thead><tr><th scope="col">When</th><th scope="col">Result</th><th scope="col">Operation</th><th scope="col">Resource</th><th scope="col">Who</th><th scope="col">Answer</th></tr></thead>
        <tbody>
        {{#lines}}
        <tr>
        <td>{{#time}}{{> moment}}{{/time}}</td>
        <td>{{#resultBadge}}{{> badge}}{{/resultBadge}}</td>
        <td><a href="{{callHref}}"><code>{{operation}}</code></a></td>
        <td class="arn"><code>{{resource}}</code>{{#moreResources}} <span class="soft">{{moreResources}}</span>{{/moreResources}}</td>
        <td>{{subject}}{{#queryText}} <span class="soft">{{queryText}}</span>{{/queryText}}</td>
        <td>{{statusText}}{{#maskedText}} <span class="badge warn">{{maskedText}}</span>{{/maskedText}}</td>
        </tr>
        {{/lines}}
        </tbody>
        </table>
        </div>
        """#

    static let call = #"""
        {{> head}}
        <article>
        <header class="lead">
        <p class="crumbs"><a href="{{frame.base}}calls">Calls</a></p>
        <h1>{{heading}}</h1>
        <p class="badges"><code>{{operation}}</code> {{#resultBadge}}{{> badge}}{{/resultBadge}} {{#approvalHref}}<a href="{{approvalHref}}">its approval</a>{{/approvalHref}}</p>
        </header>
        {{#hasParameters}}<section class="panel"><h2>Parameters</h2>
        {{> parameters}}</section>{{/hasParameters}}
        {{#records}}
        <section class="panel">
        <h2>{{recordHeading}}</h2>
        <dl class="facts">{{#recordFacts}}<div><dt>{{term}}</dt><dd>{{detail}}</dd></div>{{/recordFacts}}</dl>
        <p class="chain">Record <strong>{{sequence}}</strong> of chain <code>{{writer}}</code>, {{checkpointText}}.<br><span class="soft">SHA-256</span> <code>{{hash}}</code></p>
        </section>
        {{/records}}
        </article>
        {{> foot}}
        """#
}
