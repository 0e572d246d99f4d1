// Package serve answers recommendation requests from deployed models. A
// [Deployment] is an immutable value: a request reads it once and answers from
// it alone, so that a switch of models fails no request and mixes no models.
// What a user has done since the training is folded in while a request is
// answered. Start reading at [Server] and recommend.go.
package serve
