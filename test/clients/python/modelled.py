"""Which errors the API model has for which operation, and which the run saw."""

import botocore.session

# The operations that the server has built.
BUILT = """
CreateDatasetGroup DescribeDatasetGroup ListDatasetGroups DeleteDatasetGroup
CreateSchema DescribeSchema ListSchemas DeleteSchema
CreateDataset DescribeDataset ListDatasets UpdateDataset DeleteDataset
CreateDatasetImportJob DescribeDatasetImportJob ListDatasetImportJobs
CreateDatasetExportJob DescribeDatasetExportJob ListDatasetExportJobs
CreateDataDeletionJob DescribeDataDeletionJob ListDataDeletionJobs
CreateMetricAttribution DescribeMetricAttribution ListMetricAttributions ListMetricAttributionMetrics
UpdateMetricAttribution DeleteMetricAttribution
ListRecipes DescribeRecipe DescribeAlgorithm DescribeFeatureTransformation
CreateSolution DescribeSolution ListSolutions UpdateSolution DeleteSolution
CreateSolutionVersion DescribeSolutionVersion ListSolutionVersions
StopSolutionVersionCreation GetSolutionMetrics
CreateCampaign DescribeCampaign ListCampaigns UpdateCampaign DeleteCampaign
CreateEventTracker DescribeEventTracker ListEventTrackers DeleteEventTracker
GetRecommendations GetPersonalizedRanking
PutEvents PutItems PutUsers PutActions PutActionInteractions
TagResource UntagResource ListTagsForResource
""".split()

# Modelled, and nothing that a client does brings them about. Each with its
# reason; an entry that a test does see is an error, so the list cannot rot.
UNREACHABLE = {
    ("CreateDataset", "LimitExceededException"): "a group has one dataset of each type, and there is no other quota",
    ("CreateEventTracker", "LimitExceededException"): "a group has one, which has its own exception, and there is no other quota",
    ("CreateMetricAttribution", "LimitExceededException"): "a request has as many metrics as an attribution may have, and there is no other quota",
    ("ListRecipes", "InvalidInputException"): "what it takes is an enumeration and a token, which have their own errors",
    ("UpdateSolution", "LimitExceededException"): "an update makes nothing that is counted",
    ("CreateSolutionVersion", "ResourceAlreadyExistsException"): "the server makes the ARN, and the name need not be unique",
    ("TagResource", "LimitExceededException"): "means the rate of requests; the number of tags has its own exception",
}

# Quotas that only --strict-limits has.
STRICT = {
    ("CreateDatasetGroup", "LimitExceededException"),
    ("CreateSchema", "LimitExceededException"),
    ("CreateDatasetImportJob", "LimitExceededException"),
    ("CreateDatasetExportJob", "LimitExceededException"),
    ("CreateDataDeletionJob", "LimitExceededException"),
    ("CreateSolution", "LimitExceededException"),
    ("CreateSolutionVersion", "LimitExceededException"),
    ("CreateCampaign", "LimitExceededException"),
}

SEEN = set()  # (operation, code) of every error answered in this run


def watch(client):
    """Records the errors that client is answered with."""

    def after_call(model, parsed, **_):
        if "Error" in parsed:
            SEEN.add((model.name, parsed["Error"]["Code"]))

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"after-call.{service}", after_call)


def models():
    session = botocore.session.get_session()
    return [session.get_service_model(name) for name in ("personalize", "personalize-events", "personalize-runtime")]


def classes():
    """The exceptions for which boto3 has a class of its own."""
    return {shape.name for service in models() for shape in service.error_shapes}


def expected():
    """All (operation, code) of the model, for the operations that are built."""
    return {
        (name, shape.name)
        for service in models()
        for name in BUILT
        if name in service.operation_names
        for shape in service.operation_model(name).error_shapes
    }
