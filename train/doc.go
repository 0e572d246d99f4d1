// Package train makes a solution version: it reads the pinned states of a
// dataset group's tables, keeps the interactions that the solution asks for,
// measures the recipe on a hold-out, fits it on everything, and returns the
// artifact. It knows neither the metadata store nor the API. Start reading at
// [Run].
package train
