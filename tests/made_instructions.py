"""An answer that keeps and one that breaks each of IFEval's 25 kinds of instructions.

The items are the first of the pinned file that ask for one kind alone; the answers are written
here. A broken one stays broken without its first line, its last one and its asterisks.
"""

from __future__ import annotations

KEPT_BROKEN: dict[str, tuple[str, str]] = {
    # change_case: 3 words in capitals; all capitals; no capitals
    "1592": ("SUN and WIND could power ALL of it by 2050.", "Sun and wind could power all of it."),
    "1566": ("I SHOULD HAVE CALLED YOU BACK THAT NIGHT", "I should have called you BACK"),
    "1019": ("why are the two young boys holding horns?", "Why are they holding horns?"),
    # combination: the prompt first; two answers between six asterisks
    "1480": (
        "Write a blog post about the most interesting things you have seen or ridden on public "
        "transportation.\nA man once rode the tram with a harp.",
        "A man once rode the tram with a harp.",
    ),
    "1098": ("The Almighty\n******\nThe Lord", "The Almighty or the Lord"),
    # detectable_content: 12 placeholders; P.P.S
    "1005": (" ".join(f"[line {number}]" for number in range(12)), "[name] lives at [address]."),
    "1246": ("It shines, it hums.\nP.P.S It floats.", "It shines, it hums. PS It floats."),
    # detectable_format: a set answer, JSON, 4 sections, 3 bullets, 15 highlights, a title
    "227": ("My answer is yes.", "Yes, the standard one is bigger or as big."),
    "1075": ('{"headline": "Soft as a cloud"}', "headline: Soft as a cloud"),
    "1131": ("Section 1\nSection 2\nSection 3\nSection 4", "Section 1, section two and the rest"),
    "102": ("* You look grand.\n* You look warm.\n* Shall we go?", "* You look grand. Shall we?"),
    "1307": (" ".join(f"*part {number}*" for number in range(15)), "*Origins* and *trade*"),
    "1322": (
        "<<Kotlin and Java>>\nKotlin says it in fewer words.",
        "Kotlin and Java: fewer words.",
    ),
    # keywords: two to have, four to leave out, one three times, a letter at most once
    "1531": ("<p>Project Atlantis, led by Constable.</p>", "<p>Project Atlantis.</p>"),
    "1147": ("My fellow citizens, the work is done.", "My fellow citizens, the issue is solved."),
    "1393": ("Synonyms please, synonyms bore, synonyms blur.", "Synonyms please; synonyms bore."),
    "1130": ("Who sold his long sofa?", "What is the name of that sofa?"),
    # language: Kannada
    "1108": ("ಹ್ಯಾಂಬರ್ಗರ್ ಒಂದು ರೀತಿಯ ಸ್ಯಾಂಡ್‌ವಿಚ್ ಎಂದು ನಾನು ಭಾವಿಸುತ್ತೇನೆ.", "Hamburgers are a kind of sandwich."),
    # length_constraints: 6 paragraphs, the second begins so; 2; below 6 sentences; 400 words
    "181": (
        "They came.\n\nPresident Jones waved.\n\nThey left.\n\nWhy?\n\nNo tea.\n\nThe end.",
        "They came and President Jones waved.",
    ),
    "1082": ("He woke.\n***\nHe had three lives.", "He woke and had three lives."),
    "1268": (
        "I wrote of one long day. It helped.",
        "I sat. I wrote. I read. I ran. I ate. I slept.",
    ),
    "1072": ("sway " * 400, "Sway well."),
    # punctuation; startend: a last sentence, quotation marks around all
    "1001": ("Go thou to Kyoto and see its gates.", "Go, sweet friend, to Kyoto."),
    "1128": ("It is negative. Is there anything else I can help with?", "It is negative."),
    "122": ('"Once a few computers learned to talk."', "Once a few computers learned to talk."),
}
"""Item -> (text that keeps its instruction, text that breaks it)."""
