package catalog

import (
	"time"

	"bespoke"
)

// useCases are the recipes of domains.
func useCases() []Recipe {
	use := func(domain bespoke.Domain, name string, t Type, created time.Time, description string) Recipe {
		return Recipe{
			Name: name, Type: t, Domain: domain, Description: description, Created: created,
			AlgorithmName: name, FeaturesName: name, Metadata: MetadataOptIn, Missing: useCase,
		}
	}
	shop, video := bespoke.Ecommerce, bespoke.VideoOnDemand
	all := []Recipe{
		use(shop, "aws-ecomm-popular-items-by-views", PopularItems, domains, "Most viewed: the items with the most View events."),
		use(shop, "aws-ecomm-popular-items-by-purchases", PopularItems, domains, "Best sellers: the items with the most Purchase events."),
		use(shop, "aws-ecomm-frequently-bought-together", RelatedItems, domains, "Frequently bought together: items bought with an item."),
		use(shop, "aws-ecomm-customers-who-viewed-x-also-viewed", RelatedItems, domains, "Customers who viewed X also viewed."),
		use(shop, "aws-ecomm-recommended-for-you", UserPersonalization, domains, "Recommended for you: items for a user of a shop."),
		use(video, "aws-vod-because-you-watched-x", RelatedItems, domains, "Because you watched X: videos like one that the user watched."),
		use(video, "aws-vod-more-like-x", RelatedItems, domains, "More like X: videos similar to a video."),
		use(video, "aws-vod-most-popular", PopularItems, domains, "Most popular: the most watched videos."),
		use(video, "aws-vod-trending-now", PopularItems, trending, "Trending now: videos that quickly become more popular."),
		use(video, "aws-vod-top-picks", UserPersonalization, domains, "Top picks for you: videos for a user."),
	}
	for i := range all {
		personal := all[i].Type == UserPersonalization
		all[i].Exploration, all[i].RealTime, all[i].Context = personal, personal, personal
	}
	return all
}
