"""Common given names of many countries, for the recognizer; not those that are everyday words in a lab."""

__all__ = ["FIRST_NAMES"]

_LISTED = """
aaron abdul abigail adam adrian agnes ahmed aisha alan albert alberto alejandro alessandro alex alexander
alexandra alexandre alexis alfred ali alice alicia alison amanda amelia amy ana anastasia anders andrea andreas
andrew angela anil anita anja anke anna anne annette anthony antoine antonio arjun arthur asha astrid audrey
barbara beatrice benjamin bernard bernd birgit bjorn brandon brian bruno camille carl carla carlos carmen caroline
catherine cecilia chantal charles charlotte chen chloe chris christian christina christine christoph christopher
claire clara claude claudia colin connor craig cristina cynthia daniel daniela danielle dave david deborah deepak
denise dennis derek diana diego dieter dmitri dominik dominique donald dorothy douglas edith eduardo edward elena
elisabeth elise elizabeth ella ellen emily emma eric erik erika ernst esther ethan eugene eva evelyn fabian fatima
felix fernando fiona florence florian francesca francesco francis francisco francois franz frederic friedrich
fritz gabriel gabriela gary george georges gerald gerard gerhard giovanni giulia giuseppe gloria gordon graham
greg gregory guillaume gustav hannah hannelore hans harald harold harriet harry hasan heather heidi heinrich helen
helena helga henri henrik henry herbert hiroshi hugo ian ibrahim ines ingrid irene irina isaac isabel isabella
ivan jack jacob jacqueline jacques jakob james jamie jane janet jasmine jason javier jean jeffrey jennifer jens
jeremy jessica jesus joan joanna johan johann johanna johannes john jonas jonathan jorge jose josef joseph joshua
juan judith julia julian julie julien julius jun jurgen justin kaori karen karin karl katarina kate katharina
katherine kathleen katja katrin keiko keith kelly kenji kenneth kevin khalid kim kimberly klaus kristin kumar kurt
kyle lars laura lauren laurent lea lena leo leon leonard leonardo leslie lewis lily linda lisa lorenzo louis
louise luca lucas lucia lucy luigi luis lukas luke maarten magdalena manfred manuel marc marcel marco marcus
margaret margarita maria marianne marie mario marion marta martha martin martina mary maryam mathias mathieu
matteo matthew matthias maurice megan mei melanie melissa michael michel michelle miguel mike mikhail miriam
mohamed mohammad mohammed monica monika muhammad nadia nancy natalia natalie nathan neil nicholas nicola nicolas
nicole nikolai nina noah nora norman olga oliver olivia olivier oscar otto pablo pamela paolo pascal patricia
patrick paul paula pauline pavel pedro peter petra philip philipp philippe pierre pieter priya rachel rafael
rahul rainer rajesh ralf ralph ramon raphael raquel raymond rebecca reinhard rene renate ricardo richard robert
roberto roger roland ronald rosa ross roy ruth ryan sabine sakura samantha samuel sandra sanjay sara sarah
sebastian sergei sergio sharon sheila shirley silvia simon simone sofia sonia sophia sophie stefan stefanie
stephanie stephen steve steven stuart sue susan susanne suzanne sven svetlana sylvia takashi tamara tanja tanya
tatiana teresa terry theodore theresa thomas tim timothy tobias todd tom tomas tony tracy ulrich ursula valentina
valerie vanessa vera verena veronica victor victoria vijay vincent virginia vladimir walter wei wendy werner
wilhelm wolfgang xavier yael yan yasmin yolanda youssef yuki yusuf yves yvonne zoe
"""

FIRST_NAMES = frozenset(_LISTED.split())
