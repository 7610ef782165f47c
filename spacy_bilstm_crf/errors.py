"""Every message that the library can raise or warn with.

An error says what was found, where, what was expected and what to do. The digit after
the letter is the room that uses the code, 9 if several do. Codes are sorted; a released
code is never reused.
"""

ROOMS = {
    "0": "tags",
    "1": "crf",
    "2": "pipeline",
    "3": "network",
    "4": "corpus",
    "5": "cli",
    "6": "analysis",
}


class Errors:
    # B0xx: tags
    B001 = (
        "[B001] Unknown tagging scheme '{scheme}'. Expected one of: {schemes}. Set "
        "'scheme' in the component's config to one of them."
    )
    B002 = (
        "[B002] Illegal tag sequence under the scheme '{scheme}': '{tag}' at position "
        "{position} cannot follow '{previous}'. Expected entities to start with "
        "{openers}. Repair the tags before turning them into entities."
    )
    B003 = (
        "[B003] Unknown tag '{tag}' at position {position}. Expected 'O', or one of "
        "the prefixes {prefixes} followed by a hyphen and a label, such as '{example}'."
    )
    B004 = (
        "[B004] Entity ({start}, {end}, '{label}') does not fit. Expected it to lie "
        "within the {n_tokens} tokens, to have at least one token and to overlap no "
        "other entity. Correct or remove it."
    )
    B005 = (
        "[B005] Unknown label '{label}'. Expected one of: {labels}. Add it with "
        "'add_label' before the component is initialized."
    )
    B006 = (
        "[B006] Duplicate label '{label}'. Expected each label once. Remove the "
        "repetition."
    )

    # B1xx: crf
    B101 = (
        "[B101] '{name}' has the shape {shape}. Expected {expected}: batch first, the "
        "same tags everywhere, at least one tag and one token. Pass the scores as the "
        "model returns them."
    )
    B102 = (
        "[B102] The potentials have the dtype {dtype}. Expected torch.float32 or "
        "torch.float64. Convert them, and run the CRF outside autocast."
    )
    B103 = (
        "[B103] '{name}' has the dtype {dtype}. Expected {expected}, the dtype of the "
        "emissions. Convert one of them."
    )
    B104 = (
        "[B104] '{name}' has the dtype {dtype}. Expected torch.int64. Convert it with "
        "'.long()'."
    )
    B105 = (
        "[B105] The lengths are between {min} and {max}. Expected 1 to {seq_len}, the "
        "second axis of the emissions. Leave empty sequences out of the batch."
    )
    B106 = (
        "[B106] '{name}' has the dtype {dtype}. Expected bool, True where a tag or a "
        "transition is allowed. Convert it with '.bool()'."
    )
    B107 = (
        "[B107] Unknown tag number {tag_id} at token {token} of sequence {sequence}. "
        "Expected 0 to {n_tags}, exclusive, on every token. Use other numbers on "
        "padding only."
    )
    B108 = (
        "[B108] '{name}' is on the device {device}. Expected {expected}, the device of "
        "the emissions. Move it there with '.to()'."
    )
    B109 = (
        "[B109] The potentials are on the device {device}. Expected one of: "
        "{expected}, which compute in float64. Move them with '.cpu()'."
    )
    B110 = (
        "[B110] Cannot find the k = {k!r} best paths. Expected an integer of at least "
        "1: the largest number of paths you want."
    )
    B111 = (
        "[B111] A state of the gold lattice stands for the unknown tag number "
        "{tag_id}. Expected 0 to {n_tags}, exclusive. Correct 'tag_ids'."
    )

    # B2xx: pipeline
    B201 = (
        "[B201] Cannot initialize '{name}': no example has any words. Expected at "
        "least one doc with text. Check the training corpus."
    )
    B202 = (
        "[B202] Cannot read labels from {found!r}. Expected a list of strings, or the "
        "dict that 'spacy init labels' writes for 'ner'. Run 'spacy init labels' again."
    )
    B203 = (
        "[B203] The model '{model}' of '{name}' returns no potentials: it has no "
        "'output_layer'. Expected 'spacy-bilstm-crf.BiLSTMCRF.v1'. Remove the 'model' "
        "block written for another component, and fill the config again."
    )
    B204 = (
        "[B204] '{name}' finds no possible tag sequence for {count} docs of a batch, "
        "first for {doc}: every path ends at token {token} ({text}). The scores are "
        "probably nan or infinite. Train the pipeline again with a lower learning rate."
    )
    B206 = (
        "[B206] Bad threshold: {value!r}. Expected a probability, a number from 0 to 1."
    )
    B209 = (
        "[B209] '{name}' names unknown labels: {unknown}. Expected some of the "
        "component's labels: {labels}. Correct the config, or the labels of the "
        "training data."
    )
    B215 = (
        "[B215] '{name}' cannot rehearse: it listens to a shared encoder, and a doc "
        "has no vectors from it. Expected docs processed by the encoder as it was when "
        "training was resumed. Process the docs with it, or give the component its own "
        "encoder with 'nlp.replace_listeners'."
    )
    B216 = (
        "[B216] Found {found} instead of a doc or docs. Pass the doc that 'nlp' or "
        "'nlp.make_doc' makes from a text, or an iterable of such docs."
    )
    B220 = (
        "[B220] The labels and the scheme of '{name}' make {expected} tags, but its "
        "network scores {found}. Expected equal numbers. Undo the change to 'cfg': "
        "labels are added with 'add_label', and the scheme is fixed by training."
    )
    B221 = (
        "[B221] Cannot fit the temperature of '{name}': none of {count} docs has words "
        "and usable gold entities. Expected held-out data with gold entities."
    )
    B222 = (
        "[B222] '{name}' cannot have an empty label: spaCy treats it as no label. "
        "Expected a name. Name the label, or remove the annotation."
    )
    B223 = (
        "[B223] Bad setting '{setting}' of '{name}': {found!r}. Expected {expected}. "
        "Correct it in the component's config, or in its 'cfg'."
    )
    B230 = (
        "[B230] Cannot read labels from {found!r}. Expected a list of strings, as "
        "'spacy init labels' writes it for a tagger. Run 'spacy init labels' again."
    )
    B233 = (
        "[B233] The model file is damaged: {reason}. Expected a file written by "
        "'to_disk'. Copy the pipeline again."
    )

    # B3xx: network
    B304 = (
        "[B304] Bad setting {name} = {value}. Expected a rate from 0 up to but "
        "excluding 1 ('rare_dropout' may be 1)."
    )
    B305 = (
        "[B305] 'attrs' and 'rows' of the hashed features do not match: found "
        "{n_attrs} attributes and {n_rows} numbers of rows. Expected at least one "
        "attribute, and one number of rows per attribute."
    )
    B307 = (
        "[B307] Unknown token attribute '{attr}'. Expected one that spaCy's "
        "'Doc.to_array' knows, such as ORTH, LOWER, PREFIX, SUFFIX or SHAPE."
    )
    B308 = (
        "[B308] Bad setting max_length = {max_length}. Expected at least 2 characters."
    )
    B330 = (
        "[B330] ELMo has no file to read: its setting '{setting}' is null. Expected "
        "the path of a file for AllenNLP's Elmo: options.json as 'options_path', "
        "weights.hdf5 as 'weights_path'."
    )
    B331 = (
        "[B331] '{path}' does not exist. Expected the file of an ELMo model, named by "
        "the setting '{setting}' of 'spacy-bilstm-crf.ELMoEmbed.v1'; relative paths "
        "start from the working directory. Put the file there, or change the path: "
        "before training in the config, of a trained pipeline with spacy.load(..., "
        'config={{"paths": {{"elmo_weights": "..."}}}}), if its config names the path '
        "there. Only pipelines trained with 'store_weights = true' work without the "
        "file."
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
        "[B334] '{path}' cannot be read: {reason}. Expected the options.json (JSON) or "
        "the weights.hdf5 (HDF5) of AllenNLP's Elmo. Download the file again."
    )
    B335 = (
        "[B335] '{path}': the dataset '{name}' has the shape {found}. Expected "
        "{expected}, according to the options. Use the options.json that belongs to "
        "the weights."
    )
    B336 = (
        "[B336] 'trainable = true' contradicts 'store_weights = false': the trained "
        "ELMo weights would be lost. Set 'store_weights' to true."
    )
    B337 = (
        "[B337] '{path}' holds other ELMo weights than the pipeline was trained with. "
        "Expected the same file. Set its path, or train again."
    )
    B350 = (
        "[B350] The network needs word vectors, and the vocabulary has none. Convert a "
        "text file of vectors with 'spacy init vectors', and set '[initialize] "
        "vectors' or '--paths.vectors' to the folder it writes."
    )
    B351 = (
        "[B351] The vectors of the vocabulary have the width {found}. Expected "
        "{expected}, as the network does. Set the width of the words to that of the "
        "vectors, or to null; load a trained pipeline with the vectors it was trained "
        "with."
    )
    B352 = (
        "[B352] 'include_static_vectors' needs a width to project the vectors to. "
        "Expected a words layer with a width. Set 'width' of the words layer, or turn "
        "this setting off: PretrainedWords starts from the vectors anyway."
    )
    B353 = (
        "[B353] 'lookup' is empty. Expected at least one token attribute, such as "
        "ORTH, to look words up in the vectors by."
    )
    B370 = (
        "[B370] Unknown value kind = '{kind}' of a character encoder. Expected 'cnn' "
        "or 'bilstm'."
    )
    B371 = (
        "[B371] Bad setting output_width = {output_width} of a character encoder of "
        "kind 'bilstm'. Expected an even number, half for each direction."
    )

    # B4xx: corpus
    B401 = (
        "[B401] '{path}' does not exist. Expected a CSV file, a file of columns, or a "
        "zip with one of them. Put the file there, or check the path."
    )
    B402 = (
        "[B402] '{path}' cannot be read: {reason}. Expected a CSV file, a file of "
        "columns, or a zip with one of them."
    )
    B403 = (
        "[B403] {source} is empty (0 bytes). Expected a CSV file with a header, or a "
        "file of columns. Download the file again."
    )
    B404 = (
        "[B404] {source} is not a text file: it has the control character 0x{byte:02x} "
        "at byte {offset}. Expected a CSV file, a file of columns, or a zip with one "
        "of them. If it is UTF-16 text, pass --encoding utf-16."
    )
    B405 = (
        "[B405] {source}, line {line}: byte 0x{byte:02x} is not defined in the "
        "encoding '{encoding}'. Expected UTF-8 or windows-1252 text. Name the encoding "
        "of the file with --encoding."
    )
    B406 = (
        "[B406] Unknown text encoding '{encoding}'. Expected a name that Python knows, "
        "such as 'utf-8' or 'windows-1252'."
    )
    B407 = (
        "[B407] '{path}' is a zip without {wanted}; it contains {names}. Expected "
        "exactly one file that ends in {endings}."
    )
    B408 = (
        "[B408] '{path}' is a zip with several CSV files: {names}. Expected exactly "
        "one, or one called '{preferred}'. Unpack it and pass the file you want."
    )
    B409 = (
        "[B409] '{path}' looks like a zip, but cannot be unpacked: {reason}. Download "
        "the file again, or unpack it with another tool and pass the file inside."
    )
    B410 = (
        "[B410] {source}, line 1: found the columns '{found}'; {missing} are missing. "
        "Expected a comma-separated header with the columns of one of these forms: "
        "{forms}."
    )
    B411 = (
        "[B411] {source}, line {line}: found {found} fields, expected {expected} as in "
        "the header. Quote fields that contain a comma or a quote."
    )
    B412 = (
        "[B412] {source}, line {line}: a quote is opened and not closed on the same "
        'line. Expected quotes inside a field to be doubled, as in \'""""\' for one '
        "quote."
    )
    B413 = (
        "[B413] {source}, line {line}: found the tag '{tag}', expected 'O', or 'B-' or "
        "'I-' followed by a label, such as 'B-per'. Correct the tag or the line."
    )
    B414 = (
        "[B414] {source}, line {line}: found a word outside a sentence, expected a "
        "sentence number in the first row, such as 'Sentence: 1'."
    )
    B415 = (
        "[B415] {source}, line {line}, column '{column}': found {found!r}, expected "
        "the tags as a Python list of strings, such as \"['O', 'B-per']\"."
    )
    B416 = (
        "[B416] {source}, line {line}: found {n_words} words, {n_pos} POS tags and "
        "{n_tags} entity tags, expected equal numbers. Separate words by single spaces."
    )
    B417 = (
        "[B417] {source} holds no sentence (rows below its header: {rows}). Expected "
        "at least one row with a word and a tag. Download the file again."
    )
    B418 = (
        "[B418] The shares dev={dev} and test={test} cannot be split off. Expected "
        "numbers of at least 0 that leave something for train, such as 0.1 and 0.1."
    )
    B419 = (
        "[B419] Blocks of {block_size} sentences are too small. Expected a block size "
        "of at least 1, such as 10."
    )
    B420 = (
        "[B420] No sentence falls to '{name}': too few sentences ({n_sentences}) for "
        "this split. Use a larger corpus, a larger share for '{name}' (0 to leave it "
        "out), or smaller blocks."
    )
    B422 = "[B422] Unknown value '{value}' for '{name}'. Expected one of: {choices}."
    B423 = (
        "[B423] None of these files exists: {choices}. Expected one of them to be a "
        "CSV file, a file of columns, or a zip with one of them."
    )
    B424 = (
        "[B424] {source}, line {line}: found the character {character!r} after "
        "decoding as '{encoding}'. Expected text. Leave '--encoding' out, or name the "
        "encoding the file was written in."
    )
    B425 = (
        "[B425] {source}, line {line}: a field is longer than {limit} characters. "
        "Expected a word or a sentence. Look for a quote that is never closed."
    )
    B426 = (
        "[B426] '{path}' is a zip with several files of columns: {names}. Expected "
        "exactly one. Unpack it and pass the file you want."
    )
    B427 = (
        "[B427] {source}, line {line}: found {found} columns, expected {expected} as "
        "in line {first}. Columns are separated by tabs if a line has any, otherwise "
        "by spaces. Correct the line."
    )
    B428 = (
        "[B428] {source}, line {line}: found {found} columns (0 to {last}), expected a "
        "column {column} with the {name}. Name another column with --{name}-column, or "
        "check that the file has a word and its tags on each line."
    )
    B429 = (
        "[B429] {source}, line {line}, column {column}: found the tag '{tag}', "
        "expected 'O', or one of the prefixes {prefixes} followed by a hyphen and a "
        "label, such as 'B-per'. Correct the line, name the column of the entity tags "
        "with --tag-column (the first is 0), or their scheme with --scheme."
    )
    B430 = (
        "[B430] {source} holds no sentence (rows: {rows}). Expected a word and its "
        "tags on each line, and a blank line after each sentence."
    )
    B431 = (
        "[B431] No sentence is left for '{name}': each of its {n_sentences} sentences "
        "repeats the words of a sentence in another split. Expected different "
        "sentences in the files of train, dev and test."
    )
    B432 = (
        "[B432] The same column is named twice: {columns}. Expected different columns, "
        "counted from 0."
    )
    B433 = (
        "[B433] {source} is read as a Kaggle CSV, whose header names the columns; "
        "found {options}, expected with a file of columns only. Leave them out, or "
        "pass --format columns."
    )
    B434 = (
        "[B434] No sentence falls to 'train': dev and test take all there are "
        "({n_sentences}). Use a larger corpus, smaller shares for dev and test (0 to "
        "leave one out), or smaller blocks."
    )
    B435 = "[B435] Bad setting {name} = {value}. Expected a share from 0 to 1."
    B436 = (
        "[B436] Bad number of copies for the label '{label}': {number}. Expected 0 or "
        "more, such as 0.5 for a copy of every other example."
    )
    B437 = (
        "[B437] Unknown value longer = '{found}'. Expected 'drop' to leave out "
        "examples longer than max_length, or 'cut' to keep their beginning."
    )
    B438 = (
        "[B438] '{path}' does not exist. Expected the corpus.json that 'spacy "
        "bilstm-crf convert' writes next to train.spacy. Convert the corpus, or set "
        "the path to null to leave the pipeline's meta as it is."
    )
    B439 = (
        "[B439] '{path}' is not a corpus summary. Expected the entries {expected}. "
        "Convert the corpus again with 'spacy bilstm-crf convert'."
    )

    # B5xx: cli
    B503 = (
        "[B503] Cannot load a pipeline from '{model}': it is neither an installed "
        "package nor a folder with a config.cfg. Train a pipeline, or install its "
        "wheel."
    )
    B504 = (
        "[B504] The pipeline has no component of the factory '{factory}'; found "
        "{found}. Expected one, as only this factory computes probabilities."
    )
    B505 = (
        "[B505] '{path}' does not exist. Expected a .spacy file, such as dev.spacy, or "
        "a folder of such files."
    )
    B506 = (
        "[B506] None of the {count} docs of '{path}' has words with entity annotation. "
        "Expected held-out data with gold entities, such as dev.spacy."
    )
    B507 = (
        "[B507] '{path}' exists and is not a pipeline folder that could be replaced. "
        "Choose a new folder, such as training/model-calibrated."
    )
    B508 = (
        "[B508] The pipeline '{model}' exists, but cannot be read: {reason}. Copy it "
        "again, or check the permissions of its files."
    )
    B510 = (
        "[B510] Cannot compare {models}. Expected at least two different pipelines: "
        "names of installed packages, or folders."
    )
    B512 = (
        "[B512] The pipeline '{model}' has no component that finds entities; found "
        "{found}. Expected one, such as 'bilstm_crf_ner' or spaCy's 'ner'."
    )
    B513 = (
        "[B513] --annotated has nothing to show. Expected a .spacy file with it. Name "
        "one, or leave --annotated out to let the pipeline read the text."
    )
    B514 = "[B514] {path} cannot be read: {reason}. Expected a text file."
    B515 = (
        "[B515] {where}, line {line}: byte 0x{byte:02x} is not UTF-8. Expected UTF-8 "
        "text. Convert it, for instance with 'iconv -t utf-8'."
    )
    B516 = (
        "[B516] {where}: this line is not a JSON object with a 'text'. Expected one "
        'such as \'{{"text": "Joe went to London."}}\'. Correct the line.'
    )
    B517 = "[B517] There is no text in {where}. Expected at least one word."
    B518 = (
        "[B518] '{package}' is not installed; the page of --serve needs it. Install it "
        'with: python -m pip install "spacy-bilstm-crf[serve]"'
    )
    B519 = (
        "[B519] The page stopped with exit code {code}. Expected it to keep running on "
        "port {port}. If another program uses this port, choose one with --port."
    )
    B520 = (
        "[B520] {missing} cannot be found. Pages and pictures need the extra 'report': "
        'python -m pip install "spacy-bilstm-crf[report]"'
    )
    B521 = (
        "[B521] There is no .spacy file in '{path}'. Expected a folder with "
        "train.spacy, dev.spacy and test.spacy, or some of them, as 'spacy bilstm-crf "
        "convert' writes it."
    )
    B522 = (
        "[B522] '{path}' ({size} bytes) is not a .spacy file, or is damaged. Expected "
        "a file written by 'spacy bilstm-crf convert', 'spacy convert' or "
        "DocBin.to_disk. Convert the corpus again."
    )
    B523 = (
        "[B523] '{path}' has no docs. Expected at least one. Convert the corpus again."
    )
    B524 = (
        "[B524] None of the {count} docs of '{path}' has an entity. Expected docs with "
        "gold entities, such as train.spacy."
    )
    B525 = (
        "[B525] spaCy does not know the language '{lang}'. Expected a code such as "
        "'en', or 'xx' for several languages. Name it with --lang."
    )
    B526 = (
        "[B526] '{model}' knows none of the labels of '{path}': {labels}. It knows "
        "{known}. Expected data with some of the same labels."
    )
    B527 = (
        "[B527] The pipeline has the components {found} of the factory '{factory}'; "
        "asked for: {name!r}. Expected one of them. Choose it with --name."
    )
    B528 = "[B528] '{path}' cannot be written: {reason}. Choose another output."

    # B6xx: analysis
    B608 = (
        "[B608] '{path}' does not exist. Expected the training log that spaCy's logger "
        "writes. Train with --training.logger.output_file {path}."
    )
    B609 = (
        "[B609] '{path}', line {line}, is not a line of a training log. Expected JSON "
        "with step, epoch, losses, scores and score, as spaCy's ConsoleLogger.v3 "
        "writes it to its output_file. The logger writes nothing if the file already "
        "exists."
    )
    B610 = (
        "[B610] '{path}' is empty. Expected the training log that spaCy's logger "
        "writes. The logger may buffer its first lines while training runs: try again "
        "later, or leave --log out."
    )
    B630 = (
        "[B630] The process of '{name}' stopped with exit code {code}. Expected it to "
        "answer. See its output for the reason; -9 means that memory ran out."
    )

    # B9xx: several rooms
    B901 = (
        "[B901] The network of '{name}' has not been built yet. Call 'nlp.initialize', "
        "or load trained weights first."
    )
    B902 = (
        "[B902] Cannot read these weights: found format version {found}, expected "
        "{expected}. Load the pipeline with the version of spacy-bilstm-crf that its "
        "requirements name."
    )
    B903 = "[B903] Bad setting {name} = {value}. Expected an integer of at least 1."


class Warnings:
    """Warnings carry a count and are given once per call, not once per item."""

    # W1xx: crf
    W101 = (
        "[W101] The CRF runs on {device} without its Triton kernels, which is far "
        "slower: they could not be compiled. {error}. Triton needs a C compiler, such "
        "as gcc; set CC to one that is not on the path."
    )

    # W2xx: pipeline
    W202 = (
        "[W202] '{name}': unknown labels {labels}. {count} gold entities or rejected "
        "spans of a batch have them, first {first}. The entities count as missing "
        "annotation, the spans are ignored. 'unknown_labels' counts them over all "
        "epochs, without further warnings. Add the labels before training to learn "
        "them."
    )
    W203 = (
        "[W203] '{name}': {count} docs of a batch reject a span that is a gold entity, "
        "first {first}. Nothing was learned from these docs. 'left_out' counts such "
        "docs over all epochs, without further warnings. Remove either the entity or "
        "the rejected span."
    )
    W204 = (
        "[W204] '{name}': {count} docs of the held-out data have gold that is "
        "contradictory, or impossible under the tagging scheme and the settings, first "
        "{first}. The temperature is fitted without these docs."
    )
    W205 = (
        "[W205] '{name}': unknown labels {labels}. {count} gold entities or rejected "
        "spans of the held-out data have them. When the temperature is fitted, the "
        "entities count as missing annotation, and the spans are ignored."
    )
    W206 = (
        "[W206] The temperature of '{name}' is fitted to {value:.2f}, the end of the "
        "range tried. The held-out data may be too small or part of the training data, "
        "or the component may be untrained."
    )
    W207 = (
        "[W207] 'span._.confidence' is already defined by other code and does not "
        "return the probabilities of '{name}'. Read them from "
        "doc.spans['{key}'].attrs['scores'], one per span of the group."
    )
    W208 = (
        "[W208] '{name}': {count} docs of the training data reject a span that is a "
        "gold entity, first {first}. Training leaves out a doc in which it meets both, "
        "and counts it in 'left_out'. Remove either the entity or the rejected span."
    )
    W210 = (
        "[W210] '{name}': unknown labels {labels}. {count} words of a batch have these "
        "gold tags, first {first}. The words count as missing annotation. "
        "'unknown_labels' counts them over all epochs, without further warnings. Add "
        "the labels before training to learn them."
    )
    W211 = (
        "[W211] '{name}': {count} docs of a batch have gold that leaves some word no "
        "tag, first {first}. Nothing was learned from these docs. 'left_out' counts "
        "such docs over all epochs, without further warnings. A tag is rejected that "
        "is the only label: add the others."
    )

    # W4xx: corpus
    W401 = (
        "[W401] {source} was malformed and has been repaired: {changes}. '{reader}' "
        "returns these counts as data."
    )
    W402 = (
        "[W402] Of {total} examples {cut} were cut and {dropped} dropped, because they "
        "are longer than max_length = {limit} tokens. Remove 'LimitedCorpus' from the "
        "config to learn from all of them: the network itself has no limit."
    )
