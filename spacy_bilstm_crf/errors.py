"""Every message that the library can raise or warn with.

An error says what was found, where, what was expected and what to do. Codes are
grouped by the module that raises them; a code is never reused.
"""


class Errors:
    # B0xx: tags
    B001 = (
        "[B001] Unknown tagging scheme '{scheme}'. Expected one of: {schemes}. "
        "Set 'scheme' in the component's config to one of them."
    )
    B002 = (
        "[B002] Illegal tag sequence under the scheme '{scheme}': '{tag}' at "
        "position {position} cannot follow '{previous}'. Expected an entity to open "
        "with {openers}; repair the tags before turning them into entities."
    )
    B003 = (
        "[B003] Unknown tag '{tag}' at position {position}. Expected 'O' or one of "
        "the prefixes {prefixes}, a hyphen and a label, such as '{example}'."
    )
    B004 = (
        "[B004] Entity ({start}, {end}, '{label}') does not fit: it must lie inside "
        "the {n_tokens} tokens, hold at least one token and overlap no other entity."
    )
    B005 = (
        "[B005] Label '{label}' is unknown. Expected one of: {labels}. Add it with "
        "'add_label' before the component is initialized."
    )
    B006 = "[B006] Duplicate label '{label}'. Expected each label once."

    # B1xx: CRF
    B101 = (
        "[B101] '{name}' has the shape {shape}. Expected {expected}: batch first, "
        "the same tags everywhere, at least one tag and one token. Pass the scores "
        "as the model returns them."
    )
    B102 = (
        "[B102] The potentials have the dtype {dtype}. Expected torch.float32 or "
        "torch.float64; convert them and run the CRF outside autocast."
    )
    B103 = (
        "[B103] '{name}' has the dtype {dtype}, the emissions have {expected}. "
        "Convert them to one dtype."
    )
    B104 = (
        "[B104] '{name}' has the dtype {dtype}. Expected torch.int64; convert it "
        "with '.long()'."
    )
    B105 = (
        "[B105] The lengths lie between {min} and {max}. Expected 1 to {seq_len}, "
        "the second axis of the emissions; leave empty sequences out of the batch."
    )
    B106 = (
        "[B106] '{name}' has the dtype {dtype}. Expected bool, True where a tag or "
        "a transition is allowed."
    )
    B107 = (
        "[B107] Tag number {tag_id} at token {token} of sequence {sequence} is no "
        "tag. Expected 0 to {n_tags}, exclusive, on every token; only padding may "
        "hold other numbers."
    )
    B108 = (
        "[B108] '{name}' is on the device {device}, the emissions are on {expected}. "
        "Move it there with '.to()'."
    )
    B109 = (
        "[B109] The potentials are on the device {device}. Expected one of: "
        "{expected}, which compute in float64. Move them with '.cpu()'."
    )
    B110 = (
        "[B110] Cannot find the k = {k!r} best paths. Expected a whole number from 1 "
        "up; pass how many you want at most."
    )
    B111 = (
        "[B111] A state of the gold stands for the tag number {tag_id}. Expected 0 to "
        "{n_tags}, exclusive, the numbers of the tags."
    )

    # B2xx: lattice and components
    B201 = (
        "[B201] Cannot initialize '{name}': no example holds a word. Expected at least "
        "one doc with text. Check the training corpus."
    )
    B202 = (
        "[B202] Cannot read labels from {found!r}. Expected a list of strings, as "
        "'spacy init labels' writes it, or the dict that it writes for 'ner'."
    )
    B203 = (
        "[B203] The model '{model}' of '{name}' returns no potentials: it has no "
        "'output_layer'. Expected 'spacy-bilstm-crf.BiLSTMCRF.v1'; remove the "
        "'model' block of the component it was written for, and fill the config again."
    )
    B204 = (
        "[B204] '{name}' finds no possible tag sequence for {count} docs of a batch, "
        "first for {doc}: none gets past the token {token} ({text}). This means scores "
        "that are not numbers; train the pipeline again with a lower learning rate."
    )
    B206 = (
        "[B206] Bad threshold: {value!r}. Expected a probability, a number from 0 to 1."
    )
    B209 = (
        "[B209] '{name}' names the labels {unknown}, which the component does not "
        "have. Expected some of: {labels}. Correct the config, or the labels of the "
        "training data."
    )

    B215 = (
        "[B215] '{name}' cannot rehearse: it listens to a shared encoder, and a doc "
        "holds no vectors of it. Expected docs to which the encoder has been applied "
        "as it was when training was resumed; or give the component an encoder of "
        "its own before, with 'nlp.replace_listeners'."
    )

    B216 = (
        "[B216] Found {found} where a doc, or docs, were expected. Pass the doc that "
        "'nlp' or 'nlp.make_doc' makes of a text, or an iterable of such docs."
    )
    B220 = (
        "[B220] The labels and the scheme of '{name}' make {expected} tags, and its "
        "network scores {found}. Labels are added with 'add_label', and the scheme is "
        "chosen before training: take back the change of 'cfg'."
    )
    B221 = (
        "[B221] There is nothing to fit the temperature of '{name}' to: none of "
        "{count} docs has words and possible gold. Expected held-out data with gold "
        "entities."
    )
    B222 = (
        "[B222] '{name}' cannot have an empty label: for spaCy that is no label. "
        "Expected a name; remove the annotation without one, or name it."
    )
    B223 = (
        "[B223] Bad setting '{setting}' of '{name}': {found!r}. Expected {expected}. "
        "Correct it in the component's config, or in its 'cfg'."
    )

    B230 = (
        "[B230] Cannot read labels from {found!r}. Expected a list of strings, as "
        "'spacy init labels' writes it for a tagger."
    )

    # B3xx: layers, architectures, readers
    B301 = (
        "[B301] The network of '{name}' has not been built yet. Call "
        "'nlp.initialize' or load trained weights first."
    )
    B302 = (
        "[B302] Cannot read these weights: found format version {found}, expected "
        "{expected}. Load the pipeline with the version of spacy-bilstm-crf that is "
        "named in its requirements."
    )
    B303 = "[B303] Bad setting {name} = {value}. Expected a whole number from 1 up."
    B304 = (
        "[B304] Bad setting {name} = {value}. Expected a rate from 0 to below 1 "
        "(1 is allowed for 'rare_dropout')."
    )
    B305 = (
        "[B305] 'attrs' and 'rows' of the hashed features do not match: found "
        "{n_attrs} attributes and {n_rows} numbers of rows. Expected one number of "
        "rows for each attribute, and at least one attribute."
    )

    B307 = (
        "[B307] Unknown token attribute '{attr}'. Expected one that spaCy's "
        "'Doc.to_array' knows, such as ORTH, LOWER, PREFIX, SUFFIX or SHAPE."
    )
    B308 = (
        "[B308] Bad setting max_length = {max_length}. Expected 2 characters or more."
    )
    B309 = (
        "[B309] The model file is damaged: {reason}. Expected what 'to_disk' wrote; "
        "copy the pipeline again."
    )
    B306 = "[B306] Bad setting {name} = {value}. Expected a share from 0 to 1."
    B310 = (
        "[B310] Bad number of copies for the label '{label}': {number}. Expected 0 or "
        "more, such as 0.5 for a copy of every other example."
    )
    B330 = (
        "[B330] ELMo has no files to read: its setting '{setting}' is null. Expected "
        "the path of the file that AllenNLP's Elmo reads: options.json as "
        "'options_path', weights.hdf5 as 'weights_path'."
    )
    B331 = (
        "[B331] '{path}' is not there. Expected the file of an ELMo model that the "
        "setting '{setting}' of 'spacy-bilstm-crf.ELMoEmbed.v1' names; a relative path "
        "starts from the working directory. Place the file there, or change the path: "
        "in the config before training, of a pipeline with spacy.load(..., "
        'config={{"paths": {{"elmo_weights": "..."}}}}), if that is where its config '
        "names it. Only a pipeline trained with 'store_weights = true' works without "
        "the file."
    )
    B332 = (
        "[B332] '{path}': the option '{name}' is {found!r}. Expected {expected}, as in "
        "the options.json of AllenNLP's Elmo."
    )
    B333 = (
        "[B333] Reading the ELMo weights '{path}' needs h5py, which is not installed. "
        "Install it with 'python -m pip install \"spacy-bilstm-crf[elmo]\"'."
    )
    B334 = (
        "[B334] '{path}' cannot be read: {reason}. Expected the options.json (JSON) "
        "or the weights.hdf5 (HDF5) of AllenNLP's Elmo; fetch the file again."
    )
    B335 = (
        "[B335] '{path}': the dataset '{name}' has the shape {found}. Expected "
        "{expected} by the options. Give the options.json that belongs to the weights."
    )
    B336 = (
        "[B336] 'trainable = true' and 'store_weights = false' do not go together: "
        "what ELMo learns would be lost. Set 'store_weights' to true."
    )
    B337 = (
        "[B337] '{path}' holds other ELMo weights than those that the pipeline was "
        "trained with. Expected the same file; give its path, or train again."
    )

    B311 = (
        "[B311] Unknown value longer = '{found}'. Expected 'drop' to leave out what is "
        "longer than max_length, or 'cut' to keep its beginning."
    )
    B350 = (
        "[B350] The vocabulary has no vectors, and the network asks for them. Make "
        "them out of a text file with 'spacy init vectors', and name their folder in "
        "'[initialize] vectors', or as '--paths.vectors'."
    )
    B351 = (
        "[B351] The vectors of the vocabulary are {found} wide, the network expects "
        "{expected}. Set the width of the words to that of the vectors, or to null; "
        "load a trained pipeline with the vectors that it was trained with."
    )
    B352 = (
        "[B352] 'include_static_vectors' needs the width to project the vectors to. "
        "Expected words of a set width; set 'width' of the words, or leave the setting "
        "away: words that start from the vectors have them already."
    )
    B353 = (
        "[B353] 'lookup' is empty. Expected at least one token attribute under which "
        "a word is looked for in the vectors, such as ORTH."
    )
    B370 = (
        "[B370] Bad setting kind = '{kind}' of a character encoder. Expected 'cnn' or "
        "'bilstm'."
    )
    B371 = (
        "[B371] Bad setting output_width = {output_width} of a character encoder of "
        "kind 'bilstm'. Expected an even number: each of the two directions has half "
        "of it."
    )

    # B4xx: converters
    B401 = (
        "[B401] '{path}' is not there. Expected a CSV file or a file of columns, or a "
        "zip that holds one. Place the file there, or check the path."
    )
    B402 = (
        "[B402] '{path}' cannot be read: {reason}. Expected a CSV file or a file of "
        "columns, or a zip that holds one."
    )
    B403 = (
        "[B403] {source} is empty (0 bytes). Expected a CSV file with a header, or a "
        "file of columns; fetch the file again."
    )
    B404 = (
        "[B404] {source} is not a text file: it holds the control character "
        "0x{byte:02x} at byte {offset}. Expected a CSV file or a file of columns, or a "
        "zip that holds one. If it is text in UTF-16, say so with --encoding utf-16."
    )
    B405 = (
        "[B405] {source}, line {line}: byte 0x{byte:02x} is not defined in the "
        "encoding '{encoding}'. Expected UTF-8 or windows-1252 text; name the "
        "encoding of the file with --encoding."
    )
    B406 = (
        "[B406] Unknown text encoding '{encoding}'. Expected a name that Python "
        "knows, such as 'utf-8' or 'windows-1252'."
    )
    B407 = (
        "[B407] '{path}' is a zip without {wanted}; it holds {names}. Expected "
        "exactly one file that ends in {endings}."
    )
    B408 = (
        "[B408] '{path}' is a zip with several CSV files: {names}. Expected exactly "
        "one, or one called '{preferred}'; unpack it and give the file you want."
    )
    B409 = (
        "[B409] '{path}' looks like a zip, but it cannot be unpacked: {reason}. Fetch "
        "the file again, or unpack it by other means and give the file inside it."
    )
    B410 = (
        "[B410] {source}, line 1: found the columns '{found}', in which {missing} are "
        "missing. Expected a comma-separated header with the columns of one of these "
        "forms: {forms}."
    )
    B411 = (
        "[B411] {source}, line {line}: found {found} fields, expected {expected} as "
        "in the header. A field with a comma or a quote in it must be quoted."
    )
    B412 = (
        "[B412] {source}, line {line}: a quote is opened and not closed on the same "
        "line. Expected a quote that is part of a field to be doubled, as in "
        '\'""""\' for one quote.'
    )
    B413 = (
        "[B413] {source}, line {line}: found the tag '{tag}', expected 'O', or 'B-' "
        "or 'I-' and a label, such as 'B-per'. Correct the tag or the line."
    )
    B414 = (
        "[B414] {source}, line {line}: found a word that belongs to no sentence, "
        "expected a sentence number in the first row, such as 'Sentence: 1'."
    )
    B415 = (
        "[B415] {source}, line {line}, column '{column}': found {found!r}, expected "
        "the tags as a Python list of strings, such as \"['O', 'B-per']\"."
    )
    B416 = (
        "[B416] {source}, line {line}: found {n_words} words, {n_pos} POS tags and "
        "{n_tags} entity tags, expected as many of each. Words are separated by "
        "single spaces."
    )
    B417 = (
        "[B417] {source} holds no sentence (rows below its header: {rows}). Expected "
        "at least one row with a word and a tag; fetch the file again."
    )
    B418 = (
        "[B418] The shares dev={dev} and test={test} cannot be split off. Expected "
        "numbers from 0 on that leave something for train, such as 0.1 and 0.1."
    )
    B419 = (
        "[B419] A block of {block_size} sentences is too small. Expected a block "
        "size of 1 or more, such as 10."
    )
    B420 = (
        "[B420] No sentence falls to '{name}': too few sentences ({n_sentences}) for "
        "this split. Use a larger corpus, a larger share for '{name}' (0 for none at "
        "all), or smaller blocks."
    )
    B421 = "[B421] '{path}' cannot be written: {reason}. Choose another output."
    B422 = "[B422] Unknown value '{value}' for '{name}'. Expected one of: {choices}."
    B423 = (
        "[B423] None of these files is there: {choices}. Expected one of them to be a "
        "CSV file or a file of columns, or a zip that holds one."
    )

    B424 = (
        "[B424] {source}, line {line}: found the character {character!r} after "
        "decoding as '{encoding}', expected text. Leave '--encoding' away, or name "
        "the encoding that the file was written in."
    )
    B425 = (
        "[B425] {source}, line {line}: a field is longer than {limit} characters. "
        "Expected a word or a sentence; a quote that is never closed may be the cause."
    )
    B426 = (
        "[B426] '{path}' is a zip with several files of columns: {names}. Expected "
        "exactly one; unpack it and give the file you want."
    )
    B427 = (
        "[B427] {source}, line {line}: found {found} columns, expected {expected} as "
        "in line {first}. Columns are separated by tabs where a line has one, and by "
        "spaces where it has none; correct the line."
    )
    B428 = (
        "[B428] {source}, line {line}: found {found} columns (0 to {last}), expected a "
        "column {column} with the {name}. Name another one with --{name}-column, or "
        "check whether the file is one of columns, a word and its tags on each line."
    )
    B429 = (
        "[B429] {source}, line {line}, column {column}: found the tag '{tag}', "
        "expected 'O', or one of the prefixes {prefixes}, a hyphen and a label, such "
        "as 'B-per'. Correct the line, name the column of the entity tags with "
        "--tag-column (the first one is 0), or their scheme with --scheme."
    )
    B430 = (
        "[B430] {source} holds no sentence (rows: {rows}). Expected a word and its "
        "tags on each line, and a blank line after each sentence."
    )
    B431 = (
        "[B431] No sentence is left for '{name}': each of the {n_sentences} that fall "
        "to it has the words of one in another split. Expected other sentences in the "
        "files of train, dev and test."
    )
    B432 = (
        "[B432] The same column is named twice: {columns}. Expected different columns, "
        "counted from 0."
    )
    B433 = (
        "[B433] {source} is read as one of Kaggle's CSV forms, whose header names the "
        "columns; found {options}, expected with a file of columns alone. Leave them "
        "away, or say --format columns."
    )
    B434 = (
        "[B434] No sentence falls to 'train': dev and test take all there are "
        "({n_sentences}). Use a larger corpus, smaller shares for dev and test (0 for "
        "none at all), or smaller blocks."
    )

    # B5xx: command line and project
    B501 = (
        "[B501] There is no corpus summary at '{path}'. Expected the corpus.json that "
        "'spacy bilstm-crf convert' writes beside train.spacy. Convert the corpus, or "
        "set the path to null to leave the pipeline's meta as it is."
    )
    B502 = (
        "[B502] '{path}' is no corpus summary. Expected the entries {expected}. "
        "Convert the corpus again with 'spacy bilstm-crf convert'."
    )
    B503 = (
        "[B503] Cannot load a pipeline from '{model}': it is neither an installed "
        "package nor a folder with a config.cfg. Train one, or install its wheel."
    )
    B504 = (
        "[B504] The pipeline has no component of the factory '{factory}', which alone "
        "knows probabilities; found {found}. Expected a pipeline that has one."
    )
    B505 = (
        "[B505] '{path}' is not there. Expected a .spacy file, such as dev.spacy, or a "
        "folder of such files."
    )
    B506 = (
        "[B506] None of the {count} docs of '{path}' has words with entity annotation. "
        "Expected held-out data with gold entities, such as dev.spacy."
    )
    B507 = (
        "[B507] '{path}' is there, and is no folder of a pipeline that could be "
        "replaced. Choose a new folder, such as training/model-calibrated."
    )
    B508 = (
        "[B508] The pipeline '{model}' is there, but cannot be read: {reason}. Copy it "
        "again, or see whether its files may be read."
    )
    B510 = (
        "[B510] Cannot compare {models}. Expected two pipelines or more, each once: "
        "names of installed packages, or folders."
    )
    B512 = (
        "[B512] The pipeline '{model}' has no component that finds entities; found "
        "{found}. Expected one, such as 'bilstm_crf_ner' or spaCy's 'ner'."
    )
    B513 = (
        "[B513] There is nothing annotated to show. Expected a .spacy file with "
        "--annotated; name one, or leave --annotated away to let the pipeline read."
    )
    B514 = "[B514] {path} cannot be read: {reason}. Expected a file with a text."
    B515 = (
        "[B515] {where}, line {line}: byte 0x{byte:02x} is no UTF-8. Expected text in "
        "UTF-8; convert it, for instance with 'iconv -t utf-8'."
    )
    B516 = (
        "[B516] {where}: expected a JSON object with a 'text', such as "
        '\'{{"text": "Joe went to London."}}\'. Correct the line.'
    )
    B517 = "[B517] There is no text in {where}. Expected at least one word."
    B518 = (
        "[B518] '{package}' is not installed, which makes the page of --serve. Install "
        'it with: python -m pip install "spacy-bilstm-crf[serve]"'
    )
    B519 = (
        "[B519] The page has ended with exit code {code}. Expected it to stay at port "
        "{port}; if another program has this port, choose one with --port."
    )

    B690 = (
        "[B690] The pipeline has the components {found} of the factory '{factory}', "
        "asked for: {name!r}. Choose one of them with --name."
    )

    # B6xx: analysis
    B600 = (
        "[B600] {missing} cannot be found. Pages and pictures need the extra 'report': "
        'python -m pip install "spacy-bilstm-crf[report]"'
    )
    B601 = (
        "[B601] There is no .spacy file in '{path}'. Expected a folder with "
        "train.spacy, dev.spacy and test.spacy, or some of them, as 'spacy bilstm-crf "
        "convert' writes it."
    )
    B602 = (
        "[B602] '{path}' ({size} bytes) is no .spacy file, or is damaged. Expected "
        "what 'spacy bilstm-crf convert', 'spacy convert' or DocBin.to_disk writes; "
        "convert the corpus again."
    )
    B603 = (
        "[B603] '{path}' holds no doc. Expected one at least; convert the corpus again."
    )
    B604 = (
        "[B604] None of the {count} docs of '{path}' has an entity. Expected docs with "
        "gold entities, such as train.spacy."
    )
    B605 = (
        "[B605] spaCy knows no language '{lang}'. Expected a code such as 'en', or "
        "'xx' for several languages; name it with --lang."
    )
    B607 = (
        "[B607] '{model}' knows none of the labels of '{path}': {labels}. It knows "
        "{known}. Expected data with some of the same labels."
    )
    B608 = (
        "[B608] '{path}' is not there. Expected the training log that spaCy's logger "
        "writes: train with --training.logger.output_file {path}."
    )
    B609 = (
        "[B609] '{path}', line {line}, is no line of a training log. Expected JSON "
        "with step, epoch, losses, scores and score, as spaCy's ConsoleLogger.v3 "
        "writes it to its output_file; it writes nothing if the file is there already."
    )
    B610 = (
        "[B610] '{path}' is empty. Expected the training log that spaCy's logger "
        "writes. It may keep the first lines to itself while the training runs: try "
        "again later, or leave --log away."
    )
    B630 = (
        "[B630] The process of '{name}' has ended, with exit code {code}. Expected it "
        "to answer; what it has printed may say why, and -9 that memory was short."
    )


class Warnings:
    """Warnings carry a count and are given once a call, not once an item."""

    # W1xx: crf
    W101 = (
        "[W101] The CRF runs on {device} without its Triton kernels, and is slower by "
        "far: they could not be compiled. {error}. Triton needs a C compiler, such as "
        "gcc; CC names one that is not on the path."
    )

    # W2xx: lattice and components
    W202 = (
        "[W202] '{name}' has no such labels: {labels}. {count} gold entities and "
        "rejected spans of a batch have them, first {first}. Such entities count as "
        "missing annotation, such spans are ignored. 'unknown_labels' counts how often "
        "that happens, over all epochs, without another warning. Add the labels "
        "before training to learn them."
    )
    W203 = (
        "[W203] '{name}': {count} docs of a batch reject a span that is a gold entity, "
        "first {first}. Nothing was learned from these docs. 'left_out' counts how "
        "often that happens, over all epochs, without another warning. Take the "
        "span out of one of the two."
    )
    W204 = (
        "[W204] '{name}': the gold of {count} docs of the held-out data contradicts "
        "itself, or is impossible under the tagging scheme and the settings, first of "
        "{first}. These docs do not count in the temperature."
    )
    W205 = (
        "[W205] '{name}' has no such labels: {labels}. {count} gold entities and "
        "rejected spans of the held-out data have them. In the temperature such "
        "entities count as missing annotation, such spans do not count."
    )
    W206 = (
        "[W206] The temperature of '{name}' is fitted to {value:.2f}, the end of what "
        "is considered. The held-out data may be too little, or of the training data, "
        "or the component not trained."
    )
    W207 = (
        "[W207] 'span._.confidence' is not the probability that '{name}' finds: "
        "somebody has defined this attribute otherwise. Read the probabilities in "
        "doc.spans['{key}'].attrs['scores'], one for each span of the group."
    )
    W208 = (
        "[W208] '{name}': {count} docs of the training data reject a span that is a "
        "gold entity, first {first}. Training leaves out a doc in which it meets both, "
        "and counts in 'left_out' how often. Take the span out of one of the two."
    )

    W210 = (
        "[W210] '{name}' has no such labels: {labels}. {count} words of a batch have "
        "these gold tags, first {first}. Such words count as missing annotation. "
        "'unknown_labels' counts how often that happens, over all epochs, without "
        "another warning. Add the labels before training to learn them."
    )
    W211 = (
        "[W211] '{name}': the gold of {count} docs of a batch leaves no tag for some "
        "word, first of {first}. Nothing was learned from these docs. 'left_out' "
        "counts how often that happens, over all epochs, without another warning. A "
        "tag is rejected that is the only label: add the others."
    )

    # W3xx: layers and what a config names beside them
    W311 = (
        "[W311] Of {total} examples {cut} were cut and {dropped} dropped, because they "
        "are longer than max_length = {limit} tokens. Take 'LimitedCorpus' out of the "
        "config to learn from all of them: the network itself has no limit."
    )

    # W4xx: converters
    W401 = (
        "[W401] {source} was not sound, and was repaired: {changes}. Use "
        "'{reader}' to have the counts as data."
    )
