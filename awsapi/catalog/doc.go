// Package catalog is the list of what Amazon Personalize offers to train:
// recipes, with the algorithm and feature transformation behind each, their
// parameters, defaults and ranges, and what campaigns of them take. It fits
// nothing itself. Recipes that this server cannot train are listed too and say
// what is missing.
//
// Source: the recipe pages of the Amazon Personalize developer guide.
package catalog
