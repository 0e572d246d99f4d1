// Package recipe is the contract of all recommenders: what a recipe is given to
// learn from, what its model is asked and answers, which settings it takes, and
// how a model is written down. Each algorithm is a folder below; the folder
// catalog lists the recipes by Amazon's names. Start with Recipe and Model.
package recipe
