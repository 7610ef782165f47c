"""Two sentences in every form that is read."""

TOKENS = """\
Sentence #,Word,POS,Tag
Sentence: 1,Joe,NNP,B-per
,Biden,NNP,I-per
,visited,VBD,O
,Hyde,NNP,B-geo
,Park,NNP,I-geo
,.,.,O
Sentence: 2,He,PRP,O
,paid,VBD,O
,$,$,O
,"10,000",CD,O
"""

FEATURES = """\
,lemma,next-word,pos,prev-word,sentence_idx,shape,word,tag
0,joe,Biden,NNP,__START1__,1,capitalized,Joe,B-per
1,biden,visited,NNP,Joe,1,capitalized,Biden,I-per
2,visit,Hyde,VBD,Biden,1,lowercase,visited,O
3,hyde,Park,NNP,visited,1,capitalized,Hyde,B-geo
4,park,.,NNP,Hyde,1,capitalized,Park,I-geo
5,.,__END1__,.,Park,1,punct,.,O
6,he,paid,PRP,__START1__,2,capitalized,He,O
7,pay,$,VBD,He,2,lowercase,paid,O
8,$,"10,000",$,paid,2,other,$,O
9,"10,000",__END1__,CD,$,2,number,"10,000",O
"""

SENTENCES = """\
Sentence #,Sentence,POS,Tag
Sentence: 1,Joe Biden visited Hyde Park .,"['NNP', 'NNP', 'VBD', 'NNP', 'NNP', '.']","['B-per', 'I-per', 'O', 'B-geo', 'I-geo', 'O']"
Sentence: 2,"He paid $ 10,000","['PRP', 'VBD', '$', 'CD']","['O', 'O', 'O', 'O']"
"""  # noqa: E501

CSV_FORMS = {"tokens": TOKENS, "features": FEATURES, "sentences": SENTENCES}

COLUMNS = """\
Joe\tNNP\tB-per
Biden\tNNP\tI-per
visited\tVBD\tO
Hyde\tNNP\tB-geo
Park\tNNP\tI-geo
.\t.\tO

He\tPRP\tO
paid\tVBD\tO
$\t$\tO
10,000\tCD\tO
"""
