from ._model import ItemResponseModel as ItemResponseModel
