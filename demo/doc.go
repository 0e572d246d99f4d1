// Package demo makes the data set that ships with the project: the customers,
// catalogue and viewing history of a video shop that does not exist, in the
// CSV form that Amazon Personalize reads, with matching Avro schemas.
//
// The data is made, not recorded: it is free of other people's licences and of
// people. Yet it has what models are there to find. Few titles draw most of
// the viewing, and new ones more than old ones. Every customer leans to a few
// genres and drifts from one to a related one. Who finishes a part of a series
// goes on to the next part, and some titles lead to particular others. So a
// model that knows the order of events does better than one that knows only
// who watched what, and that one better than popularity.
//
// The same [Config] gives the same bytes on every machine: choices are made
// with integers only, because floating point may round differently from one
// architecture to the next. It is not a benchmark's data; that has to be far
// larger. Start reading at [New] and [Shop.Files].
package demo
