extension Assets {
    /// Live lists, countdowns, and no second click; the pages work without it.
    static let scriptText = #"""
        "use strict";

        const seconds = (time) => Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);

        const words = (distance) => {
          const amount = Math.abs(distance);
          const text = amount < 60 ? `${amount} s`
            : amount < 3600 ? `${Math.floor(amount / 60)} min`
            : amount < 172800 ? `${Math.floor(amount / 3600)} h` : `${Math.floor(amount / 86400)} days`;
          return distance > 0 ? `in ${text}` : `${text} ago`;
        };

        const countdown = (left) => left <= 0 ? "now"
          : left < 3600 ? `in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : words(left);

        const tick = () => {
          for (const time of document.querySelectorAll("time[data-relative]")) time.textContent = words(seconds(time));
          for (const time of document.querySelectorAll("time[data-until]")) {
            const left = seconds(time);
            time.textContent = countdown(left);
            time.classList.toggle("urgent", left < 60);
          }
        };

        const title = document.title;
        const note = document.querySelector("[data-live-note]");

        const say = (text) => {
          if (!note) return;
          note.hidden = !text;
          if (note.textContent !== text) note.textContent = text;
        };

        const counted = (region) => {
          const list = region.querySelector("[data-count]");
          const count = list ? Number(list.dataset.count) : 0;
          document.title = count > 0 ? `(${count}) ${title}` : title;
        };

        const replace = (region, text) => {
          const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
          const parsed = new DOMParser().parseFromString(text, "text/html");
          region.replaceChildren(...parsed.body.childNodes);
          if (focused) region.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
        };

        const watch = (region) => {
          let last = null;
          const look = async () => {
            if (document.hidden) return;
            try {
              const answer = await fetch(region.dataset.live, { cache: "no-store", redirect: "error" });
              if (answer.status === 403) { location.reload(); return; }
              if (!answer.ok) throw new Error(String(answer.status));
              const state = answer.headers.get("X-Postern-State");
              if (region.dataset.state && state && state !== region.dataset.state) { location.reload(); return; }
              const text = await answer.text();
              const unchanged = text.replace(/<time[^>]*>[^<]*<\/time>/g, (time) => time.split(">")[0]);
              if (last !== null && last !== unchanged) replace(region, text);
              last = unchanged;
              counted(region);
              say("");
              tick();
            } catch {
              say("Not connected; trying again.");
            }
          };
          setInterval(look, 2000);
          document.addEventListener("visibilitychange", look);
          look();
        };

        for (const form of document.querySelectorAll("form[data-once]")) {
          let sent = false;
          form.addEventListener("submit", (event) => {
            if (sent) { event.preventDefault(); return; }
            sent = true;
            setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
          });
        }
        // A page from the browser's memory may show what is long decided.
        addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

        document.querySelectorAll("[data-live]").forEach(watch);
        tick();
        setInterval(tick, 1000);
        """#
}
